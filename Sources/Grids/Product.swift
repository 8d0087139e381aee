// SPDX-License-Identifier: Apache-2.0

extension Sequence<Int> {
  /// All numbers multiplied; `nil` where that is more than an `Int` holds, as of lengths that a damaged file claims. 1 of none.
  package var product: Int? {
    var result = 1
    for number in self {
      let (next, overflow) = result.multipliedReportingOverflow(by: number)
      if overflow { return nil }
      result = next
    }
    return result
  }
}
