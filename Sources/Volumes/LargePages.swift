// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Pages of 2 MB in place of 4 kB for large arrays, where Linux gives them on request: each page of a new array is entered by the system when it
/// is first written to, and that took longer than reading many a chunk.
enum LargePages {
  private static let page = 2 << 20

  /// Asks for large pages for the part of a buffer that is made of whole ones.
  static func advise(_ buffer: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
      guard buffer.count >= 2 * page, let start = buffer.baseAddress else { return }
      let first = (UInt(bitPattern: start) + UInt(page) - 1) / UInt(page) * UInt(page)
      let end = (UInt(bitPattern: start) + UInt(buffer.count)) / UInt(page) * UInt(page)
      guard first < end, let aligned = unsafe UnsafeMutableRawPointer(bitPattern: first) else { return }
      unsafe madvise(aligned, Int(end - first), MADV_HUGEPAGE)
    #endif
  }
}
