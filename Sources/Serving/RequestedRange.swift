// SPDX-License-Identifier: Apache-2.0

/// The bytes that the field `Range` of a request asks for. https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
enum RequestedRange: Equatable {
  /// Everything: nothing was asked for, or what is not understood, such as several ranges, which one may pass over.
  case whole
  /// These bytes, one at least.
  case part(Range<Int>)
  /// None that there are.
  case unsatisfiable

  /// Reads a field.
  ///
  /// - Parameters:
  ///   - field: as `bytes=0-99`, `bytes=100-` or `bytes=-8`; `nil` where there is none.
  ///   - total: the bytes of the file.
  init(_ field: String?, of total: Int) {
    self = .whole
    guard let field, let equals = field.firstIndex(of: "="), field[..<equals].lowercased() == "bytes" else { return }
    let ends = field[field.index(after: equals)...].split(separator: "-", omittingEmptySubsequences: false).map(\.trimmingSpaces)
    guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }), ends != ["", ""] else { return }
    // A number that is too large for the machine is beyond every file.
    let (first, last) = (Int(ends[0]) ?? .max, Int(ends[1]) ?? .max)
    if ends[0].isEmpty {
      self = last == 0 || total == 0 ? .unsatisfiable : .part(total - min(last, total)..<total)
    } else if ends[1].isEmpty || first <= last {
      self = first >= total ? .unsatisfiable : .part(first..<min(last, total - 1) + 1)
    }
  }
}
