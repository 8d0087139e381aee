// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// What went wrong with stored chunks or their metadata, and what to do about it.
public struct ChunkStoreError: LocalizedError, Sendable, Equatable {
  /// What is wrong, naming the file and both sides of a mismatch.
  public let message: String
  /// What the user can do.
  public let hint: String?

  /// Whether the system refused, rather than that something is wrong with the data.
  public let isOfTheDisk: Bool

  /// An error with a message and the way out.
  public init(_ message: String, hint: String? = nil, isOfTheDisk: Bool = false) {
    self.isOfTheDisk = isOfTheDisk
    self.message = message
    self.hint = hint
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}
