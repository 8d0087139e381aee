// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A method that cannot segment a tile, or returned what is no segmentation.
public struct SegmentationError: LocalizedError, Sendable, Hashable {
  /// What is wrong, and where.
  public let message: String
  /// What to do about it.
  public let hint: String?

  /// An error with a way out.
  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}
