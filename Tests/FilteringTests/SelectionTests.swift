// SPDX-License-Identifier: Apache-2.0

import Filtering
import TestSupport
import Testing

struct SelectionTests {
  @Test(arguments: 0..<40) func theSelectedNumberStandsWhereSortingPutsIt(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...300, using: &random)
    let distinct = Int.random(in: 1...count, using: &random)
    var values = (0..<count).map { _ in Float(Int.random(in: 0..<distinct, using: &random)) }
    if seed % 4 == 0 { values.sort() }
    if seed % 4 == 1 { values.sort(by: >) }
    let sorted = values.sorted()
    for rank in 0..<count { #expect(values.selected(rank) == sorted[rank]) }
  }
}
