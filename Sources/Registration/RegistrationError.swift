// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// Why a pair of images cannot be registered, and what to do about it.
public struct RegistrationError: LocalizedError, Sendable, Hashable {
  /// What kind of failure this is.
  public struct Code: Sendable, Hashable {
    let name: String
    /// The images have different numbers of axes.
    public static let rankMismatch = Code(name: "rankMismatch")
    /// An image, or what a mask leaves of it, has no contrast.
    public static let constantImage = Code(name: "constantImage")
    /// The images do not meet in space.
    public static let noOverlap = Code(name: "noOverlap")
    /// An argument is out of its range.
    public static let invalidOption = Code(name: "invalidOption")
    /// The engine gave up.
    public static let engineFailure = Code(name: "engineFailure")
  }

  /// What kind of failure this is.
  public let code: Code
  /// What is wrong, naming both sides of a mismatch.
  public let message: String
  /// What the user can do.
  public let hint: String?

  /// An error with a message and the way out.
  public init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}
