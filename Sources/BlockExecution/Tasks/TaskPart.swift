// SPDX-License-Identifier: Apache-2.0

/// One of several equal shares of the tasks of a stage, so that whoever hands them out need not know how many tasks there are.
public struct TaskPart: Sendable, Hashable {
  /// Which share, from 1.
  public let number: Int
  /// How many shares.
  public let count: Int

  /// Share `number` of `count`; `nil` where there is no such share.
  public init?(_ number: Int, of count: Int) {
    guard count > 0, (1...count).contains(number) else { return nil }
    (self.number, self.count) = (number, count)
  }

  /// Reads `3/16`.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1] else { return nil }
    self.init(number, of: count)
  }

  /// The tasks of this share, beside each other in their order; shares differ by one task at the most.
  package func tasks(of all: [Int]) -> ArraySlice<Int> {
    all[(number - 1) * all.count / count..<number * all.count / count]
  }
}
