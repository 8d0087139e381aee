// SPDX-License-Identifier: Apache-2.0

public import Foundation
internal import Grids
internal import Segmentation

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

  /// What to do about too little memory where the tile is not known.
  static let smallerTiles = "make tiles smaller by --tile-shape, or fewer at once by --threads"

  /// The same error; of too little memory with the tile that was tried, and how to have smaller ones.
  ///
  /// - Parameters:
  ///   - core: voxels of the tile's core.
  ///   - read: voxels of the tile as it was read.
  ///   - stride: voxels an axis to whose multiples tiles begin.
  ///   - isPlanned: whether the tiles are those of a run that was planned, and not only tried to see what they take.
  func ofTile(core: Extent, read: Extent, stride: [Int], isPlanned: Bool) -> WorkerError {
    guard kind == .memory else { return self }
    let half = zip(core.lengths, stride).map { max(1, ($0 / 2 + $1 - 1) / $1) * $1 }
    let isSmaller = half != core.lengths && zip(half, core.lengths).allSatisfy(<=)
    var ways = hint == Self.smallerTiles ? [] : [hint].compactMap { $0 }
    if isSmaller {
      ways.append("give the command with --tile-shape \(half.map(String.init).joined(separator: ",")), half of this tile")
      if isPlanned {
        ways.append("what was measured of the whole image is kept then, and all tiles are done again")
        ways.append("`weft resume` keeps the tiles as they are, and helps where fewer at once (--threads 1) fit")
      }
    } else {
      ways.append("the tile cannot be smaller: choose a smaller model, a narrower --overlap, or a machine with more memory")
    }
    let tile = "a tile of \(core)" + (read == core ? "" : ", read as \(read)")
    return WorkerError(kind, "\(message) (\(tile))", hint: ways.joined(separator: "; "), details: details, mayRetry: mayRetry)
  }

  public var errorDescription: String? { message }
  public var recoverySuggestion: String? { hint }
}

extension Error {
  /// The same error of a program or a method, which says in which tile, as `--tile` names it.
  func inTile(_ index: [Int], time: Int, of times: Int) -> any Error {
    let place = "tile \(index.map(String.init).joined(separator: ","))\(times > 1 ? " of time \(time)" : "")"
    switch self {
    case let error as WorkerError where ![.start, .cancelled, .disk].contains(error.kind):
      return WorkerError(error.kind, "\(place): \(error.message)", hint: error.hint, details: error.details, mayRetry: error.mayRetry)
    case let error as SegmentationError: return SegmentationError("\(place): \(error.message)", hint: error.hint)
    default: return self
    }
  }
}
