// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// What went wrong between Weft and a program that works on tiles for it.
public struct WorkerError: LocalizedError, Sendable, Hashable {
  /// What kind of thing went wrong: whether another attempt or a smaller tile may help.
  public enum Kind: String, Sendable {
    /// The program cannot be started, or ended or failed before it was ready.
    case start
    /// The program ended in the middle of a tile; the next call starts it again.
    case crash
    /// A tile took longer than the limit; the program was ended.
    case timeout
    /// There was not enough memory for the tile.
    case memory
    /// The program refuses the tile or a setting.
    case input
    /// The program's own code failed.
    case failure
    /// What the program returned is no result.
    case output
    /// The program does not speak the protocol.
    case conversation
    /// The run was stopped.
    case cancelled
    /// Weft could not write or read a tile's file.
    case disk
  }

  /// What kind of error.
  public let kind: Kind
  /// What is wrong, naming the program and both sides of a mismatch.
  public let message: String
  /// What the user can do.
  public let hint: String?
  /// What the program said: a traceback, or the last lines of its standard error.
  public let details: String?
  /// Whether the same tile may succeed at another attempt.
  public let mayRetry: Bool

  /// An error with the way out.
  public init(_ kind: Kind, _ message: String, hint: String? = nil, details: String? = nil, mayRetry: Bool? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.details = details
    self.mayRetry = mayRetry ?? (kind == .crash)
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}
