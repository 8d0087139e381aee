// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// Why nothing can be served, and what to do about it.
public struct ServingError: LocalizedError, Sendable {
  /// What is wrong, naming the folder or the address.
  public let message: String
  /// What the user can do.
  public let hint: String

  init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}
