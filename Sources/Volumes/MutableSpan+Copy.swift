// SPDX-License-Identifier: Apache-2.0

extension MutableSpan where Element: BitwiseCopyable {
  /// Takes as many elements from another span.
  package mutating func copy(from other: Span<Element>) {
    precondition(other.count == count, "\(other.count) elements do not fill \(count)")
    // As bytes: a loop over elements whose type is known to the caller alone calls functions for each.
    unsafe withUnsafeMutableBytes { target in
      unsafe other.withUnsafeBytes { source in unsafe target.copyMemory(from: source) }
    }
  }

  /// Gives all elements one value.
  @inlinable package mutating func fill(_ value: Element) {
    for index in 0..<count { self[index] = value }
  }
}
