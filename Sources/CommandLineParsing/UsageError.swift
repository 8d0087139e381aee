// SPDX-License-Identifier: Apache-2.0

/// Arguments that cannot be understood: what is wrong with which of them, and what to type instead.
public struct UsageError: Error, Hashable, Sendable {
  /// What is wrong, naming the argument.
  public let message: String
  /// What to type instead.
  public let hint: String?

  /// An error with a message and the way out.
  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
