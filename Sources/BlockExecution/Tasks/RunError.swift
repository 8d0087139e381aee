// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// What keeps a run from going on, and what to do about it.
public struct RunError: LocalizedError, Sendable {
  /// What is wrong.
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

extension RunError {
  /// Why the system refused, without Foundation's codes.
  package static func reason(_ error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let text = cause?.localizedDescription ?? error.localizedDescription
    return text.contains("NSCocoaErrorDomain") ? "the system refuses it; a part of the path may be a file" : text
  }
}
