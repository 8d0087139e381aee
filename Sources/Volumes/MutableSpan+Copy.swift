// SPDX-License-Identifier: Apache-2.0

extension MutableSpan where Element: BitwiseCopyable {
  /// Takes as many elements from another span.
  package mutating func copy(from other: Span<Element>) {
    precondition(other.count == count, "\(other.count) elements do not fill \(count)")
    for index in 0..<count { self[index] = other[index] }
  }

  /// Gives all elements one value.
  package mutating func fill(_ value: Element) {
    for index in 0..<count { self[index] = value }
  }
}
