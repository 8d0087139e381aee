// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// What went wrong with a transform or its file, and what to do about it.
public struct TransformError: LocalizedError, Sendable {
  /// What is wrong, naming the file and both sides of a mismatch.
  public let message: String
  /// What the user can do.
  public let hint: String?

  /// An error with a message and the way out.
  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}
