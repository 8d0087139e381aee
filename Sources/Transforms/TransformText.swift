// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageFiles

/// Small text files of transforms.
enum TransformText {
  /// The most bytes that a text file of a transform has.
  static let most = 4 << 20

  /// - Throws: `TransformError` where the file is missing, too large, cannot be read, or is no text.
  static func read(_ path: String) throws(TransformError) -> String {
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
    guard let size else { throw TransformError("\(path) does not exist", hint: "check the path") }
    guard size.intValue <= most, let data = FileManager.default.contents(atPath: path) else {
      throw TransformError("\(path) cannot be read as text", hint: "check its permissions, and that it is a file of a transform")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw TransformError("\(path) is not text", hint: "it is damaged, or of another format than --from says")
    }
    return text
  }

  /// Writes a file that appears under its name when it is complete.
  ///
  /// - Throws: `TransformError` where it cannot be written.
  static func write(_ text: String, to path: String) throws(TransformError) {
    do { try ImageFile.writeWhole(Array(text.utf8), to: path) } catch {
      throw TransformError(error.errorDescription ?? "\(path) cannot be written", hint: error.recoverySuggestion)
    }
  }
}
