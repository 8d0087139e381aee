// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

/// Damaged TIFF files are read or refused: no crash, no hang, no memory for what is only claimed.
struct TIFFMutationTests {
  @Test func aDamagedFileIsReadOrRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/a.tif"
      try ImageFile.write(RoundTripTests.volume([3, 12, 14], as: UInt16.self), to: path)
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      var mutator = Mutator(seed: 19)
      var refused = 0
      let before = residentBytes()
      let count = mutationCount(full: 50_000)
      for _ in 0..<count {
        try Data(mutator.mutated(whole)).write(to: URL(fileURLWithPath: path))
        do {
          let source = try ImageFile.open(path: path).levels[0].source
          let box = Box(lower: source.extent.lengths.map { _ in 0 }, upper: source.extent.lengths.map { min($0, 16) })
          _ = try source.read(box, as: Float.self)
        } catch is any LocalizedError { refused += 1 }
      }
      #expect(refused > count / 10, "\(refused) of \(count)")
      #expect(residentBytes() < before + 200_000_000)
    }
  }
}
