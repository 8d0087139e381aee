// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Foundation

/// Pictures for people to look at.
public enum PNGFile {
  /// Writes a picture; the file appears under its name when it is complete, in place of one that was there.
  ///
  /// - Parameters:
  ///   - pixels: red, green and blue of each pixel, row by row.
  ///   - path: the file.
  /// - Throws: `ImageFileError` where it cannot be written.
  /// - Precondition: there are 3 · height · width bytes.
  public static func write(_ pixels: [UInt8], height: Int, width: Int, to path: String) throws(ImageFileError) {
    precondition(pixels.count == 3 * height * width, "\(pixels.count) bytes are no picture of \(height)×\(width)")
    let url = URL(fileURLWithPath: path)
    let temporary = url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).part.png"
    ).path
    func failure(_ reason: String) -> ImageFileError {
      ImageFileError(path: path, "cannot be written: \(reason)", hint: "check that the folder is there, has room, and may be written to")
    }
    let status = unsafe temporary.withCString { unsafe citk_png_write($0, pixels.span, height, width) }
    guard status.isSuccess else {
      try? FileManager.default.removeItem(atPath: temporary)
      throw failure(status.text)
    }
    guard unsafe rename(temporary, path) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      try? FileManager.default.removeItem(atPath: temporary)
      throw failure(reason)
    }
  }
}
