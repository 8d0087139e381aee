// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import TestSupport
import Testing

struct GroupSizingTests {
  @Test func aJobTakesAboutTenMinutesOrAMinuteWhereTasksAreFew() {
    var random = SeededGenerator(seed: 8)
    for _ in 0..<500 {
      let count = Int.random(in: 1...100_000, using: &random)
      let seconds = Double.random(in: 0.001...2000, using: &random)
      let size = GroupSizing.tasks(of: count, seconds: seconds)
      let long = Double(size) * seconds
      #expect(size >= 1 && (size == 1 || long <= GroupSizing.aim))
      // Less than a minute's work is no job of its own while there are more tasks.
      if long < GroupSizing.least - 1 { #expect(Double(size + 1) * seconds > GroupSizing.aim || size >= Int(GroupSizing.least / seconds)) }
      // Few tasks are spread over no more jobs than that.
      if long > 2 * GroupSizing.least && long < GroupSizing.aim / 2 { #expect((count + size - 1) / size <= GroupSizing.spread) }
    }
    #expect(GroupSizing.tasks(of: 100, seconds: 10) == 6)
    #expect(GroupSizing.tasks(of: 100, seconds: 3600) == 1)
    #expect(GroupSizing.tasks(of: 1_000_000, seconds: 1) == 600)
  }

  @Test func groupsHoldEachTaskOnceInOrder() {
    var random = SeededGenerator(seed: 9)
    for _ in 0..<100 {
      let tasks = (0..<Int.random(in: 0...300, using: &random)).filter { _ in Bool.random(using: &random) }
      #expect(GroupSizing.groups(tasks, of: Int.random(in: 0...40, using: &random)).flatMap(\.self) == tasks)
      let probe = GroupSizing.probe(tasks)
      #expect(probe.flatMap(\.self) == tasks && probe.count <= GroupSizing.probes)
    }
  }
}
