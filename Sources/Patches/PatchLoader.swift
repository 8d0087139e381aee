// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Pipelines

/// Batches of patches, read, decoded and changed by threads of its own ahead of whoever takes them.
///
/// The batches depend on the seed alone, not on threads, nor on how many loaders share the work (`Options.share`). Any number of threads may call
/// `next`.
public final class PatchLoader: Sendable {
  /// How a loader works.
  public struct Options: Sendable {
    /// Patches of a batch.
    public var batchSize = 1
    /// Batches, of all loaders that share the work together; without end where it is `nil`.
    public var batches: Int?
    /// Patches, of all loaders that share the work together, where that is fewer: the last batch may then have fewer than the others.
    public var count: Int?
    /// Threads that read.
    public var threads = 1
    /// The most batches that are ready or being made; at least two.
    public var ahead = 4
    /// Patches that are drawn from a neighbourhood, one a batch, before another one is drawn; above 1 with `.uniform` alone.
    public var neighbours = 1
    /// What random numbers depend on.
    public var seed: UInt64 = 0
    /// Of all batches those whose number leaves `number` when divided by `count`: for processes that share the work.
    public var share: (number: Int, count: Int) = (0, 1)

    public init() {}
  }

  /// What a loader did so far.
  public struct Statistics: Sendable, Codable, Equatable {
    /// Patches that were taken.
    public internal(set) var patches = 0
    /// Since it began.
    public internal(set) var seconds = 0.0
    /// How long those who took batches waited for them.
    public internal(set) var waited = 0.0
    /// How often a chunk was there already, decoded, and how often it was not.
    public internal(set) var hits = 0
    public internal(set) var misses = 0
    /// Patches a second.
    public var rate: Double { seconds > 0 ? Double(patches) / seconds : 0 }
  }

  /// The arrays of each batch.
  public var arrays: [PatchBatch.Array] { queue.arrays }

  /// How many patches this loader makes; without end where it is `nil`. The last batch may have fewer than the others.
  public var count: Int? { queue.ownCount }

  private let queue: PatchQueue

  init(_ queue: PatchQueue) { self.queue = queue }

  // The threads hold the queue, not the loader: they end with it.
  deinit { queue.end() }

  /// The next batch; `nil` after the last one, or when the loader was ended. Waits for it.
  ///
  /// - Throws: what kept one of its patches from being read; the batches after it can be taken.
  public func next() throws -> PatchBatch? { try queue.next() }

  /// Gives a batch back, whose memory is used again. Not necessary; nobody may look into it any more.
  public func recycle(_ batch: PatchBatch) { queue.recycle(batch) }

  /// Ends the threads. Who waits for a batch gets none.
  public func end() { queue.end() }

  /// The image that a patch is from, and its centre there, z, y, x.
  public func origin(of draw: PatchDraw) -> (path: String, center: [Double]) { queue.origin(of: draw) }

  /// What was done so far.
  public var statistics: Statistics { queue.currentStatistics }
}

extension PatchLoader: AsyncSequence {
  /// Takes batches without blocking a thread of the caller's.
  public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
    let loader: PatchLoader

    public func next() async throws -> PatchBatch? {
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          DispatchQueue.global().async { continuation.resume(with: Result { try loader.next() }) }
        }
      } onCancel: {
        loader.end()
      }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(loader: self) }
}
