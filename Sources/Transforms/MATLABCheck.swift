// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Looks at a MATLAB file (version 4) before its reader takes a damaged header's word for the memory it needs.
///
/// Each matrix is five 32-bit numbers (kind, rows, columns, whether complex, length of the name), its name, and its values.
enum MATLABCheck {
  /// - Throws: `TransformError` where the file is not a row of small matrices.
  static func check(_ path: String) throws(TransformError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw TransformError("\(path) cannot be read", hint: "check its permissions")
    }
    let bytes = [UInt8](data)
    if !isRowOfMatrices(bytes, isSwapped: false) && !isRowOfMatrices(bytes, isSwapped: true) {
      throw TransformError("\(path) is no transform in MATLAB's format", hint: "the file may be cut short or damaged")
    }
  }

  private static func isRowOfMatrices(_ bytes: [UInt8], isSwapped: Bool) -> Bool {
    func number(_ place: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[place + (isSwapped ? 3 - $1 : $1)]) << (8 * $1) }
    }
    var place = 0
    while place < bytes.count {
      guard place + 20 <= bytes.count else { return false }
      let (kind, rows, columns, nameLength) = (number(place), number(place + 4), number(place + 8), number(place + 16))
      // The tens digit of the kind is 0 for doubles and 1 for floats.
      let valueSize = kind / 10 % 10 == 1 ? 4 : 8
      guard kind < 5000, (0...1000).contains(rows), (0...1000).contains(columns), (1...256).contains(nameLength) else { return false }
      place += 20 + nameLength + rows * columns * valueSize
    }
    return place == bytes.count && place > 0
  }
}
