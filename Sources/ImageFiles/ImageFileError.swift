// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// What went wrong with an image file, and what to do about it.
public struct ImageFileError: LocalizedError, Sendable {
  /// Which file.
  public let path: String
  /// What is wrong, naming the file and both sides of a mismatch.
  public let message: String
  /// What the user can do.
  public let hint: String?

  /// An error about the file at `path`; `message` continues the sentence that begins with the path.
  public init(path: String, _ message: String, hint: String? = nil) {
    self.path = path
    self.message = "\(path) \(message)"
    self.hint = hint
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}
