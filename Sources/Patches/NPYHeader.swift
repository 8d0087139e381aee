// SPDX-License-Identifier: Apache-2.0

/// The head of a file of NumPy's format 1.0 (NEP 1): what NumPy needs to know of the numbers that follow.
package enum NPYHeader {
  /// Of numbers of single precision in C order, little-endian.
  package static func bytes(shape: [Int]) -> [UInt8] {
    let lengths = shape.count == 1 ? "\(shape[0])," : shape.map { "\($0)" }.joined(separator: ", ")
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(lengths)), }"
    // The numbers begin at a multiple of 64.
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let count = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(text.utf8)
  }
}
