// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Dispatch
internal import Foundation
internal import Grids

/// The threads of a `PatchLoader`, and the batches between them and whoever takes them.
final class PatchQueue: @unchecked Sendable {
  // All that changes is guarded by `condition`.

  let arrays: [PatchBatch.Array]

  private let datasets: [PatchDataset]
  private let augmentation: Augmentation
  private let options: PatchLoader.Options
  private let decoded: DecodedChunks?
  /// Patches of all loaders that share the work together.
  private let count: Int?

  private let condition = NSCondition()
  private let began = DispatchTime.now()

  /// A batch on its way.
  private final class Pending {
    let batch: PatchBatch
    var left: Int
    var failure: (any Error)?

    init(_ batch: PatchBatch, _ left: Int) { (self.batch, self.left) = (batch, left) }
  }

  private var sampler: PatchSampler
  /// Batches on their way, by number; the next that is taken; the next that is begun, and which of its patches is.
  private var pending: [Int: Pending] = [:]
  private var taken = 0
  private var begun = (batch: 0, patch: 0)
  private var spare: [PatchBatch] = []
  private var isEnded = false
  private var statistics = PatchLoader.Statistics()

  /// Begins at once.
  ///
  /// - Parameter decoded: where the datasets keep chunks, for the statistics.
  init(
    _ datasets: [PatchDataset], _ sampler: PatchSampler, _ augmentation: Augmentation, _ options: PatchLoader.Options,
    decoded: DecodedChunks? = nil
  ) {
    precondition(options.batchSize > 0 && options.threads > 0 && options.ahead > 1, "a batch has patches, and is made by a thread")
    (self.datasets, self.sampler, self.augmentation, self.options, self.decoded) = (datasets, sampler, augmentation, options, decoded)
    arrays = datasets[0].batchArrays(augmentation, size: options.batchSize)
    count = [options.batches.map { $0 * options.batchSize }, options.count, sampler.count].compactMap(\.self).min()
    for number in 0..<options.threads {
      let thread = Thread { while self.makeOne() {} }
      thread.name = "weft.patches-\(number)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  /// The next batch; `nil` after the last one, or when the loader was ended. Waits for it.
  ///
  /// - Throws: what kept one of its patches from being read; the batches after it can be taken.
  func next() throws -> PatchBatch? {
    condition.lock()
    defer { condition.unlock() }
    let began = DispatchTime.now()
    if isLast(taken) { return nil }
    let number = taken
    taken += 1
    // Room for one more.
    condition.broadcast()
    while !isEnded, pending[number].map({ $0.left > 0 }) ?? true { condition.wait() }
    statistics.waited += Double(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1e9
    guard !isEnded, let done = pending.removeValue(forKey: number) else { return nil }
    condition.broadcast()
    if let failure = done.failure { throw failure }
    statistics.patches += done.batch.draws.count
    return done.batch
  }

  /// Gives a batch back, whose memory is used again. Not necessary; nobody may look into it any more.
  func recycle(_ batch: PatchBatch) {
    condition.lock()
    if spare.count < options.ahead, batch.arrays == arrays { spare.append(batch) }
    condition.unlock()
  }

  /// Ends the threads. What waits for a batch gets none.
  func end() {
    condition.lock()
    isEnded = true
    condition.broadcast()
    condition.unlock()
  }

  func origin(of draw: PatchDraw) -> (path: String, center: [Double]) {
    (datasets[draw.dataset].path, datasets[draw.dataset].center(at: draw.position))
  }

  /// What was done so far.
  var currentStatistics: PatchLoader.Statistics {
    condition.lock()
    defer { condition.unlock() }
    var now = statistics
    now.seconds = Double(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1e9
    (now.hits, now.misses) = decoded?.uses ?? (0, 0)
    return now
  }

  /// Patches of this loader.
  var ownCount: Int? {
    count.map { count in
      let (full, rest) = count.quotientAndRemainder(dividingBy: options.batchSize)
      let whole = max(0, full - options.share.number + options.share.count - 1) / options.share.count
      return whole * options.batchSize + (full % options.share.count == options.share.number ? rest : 0)
    }
  }

  private func isLast(_ batch: Int) -> Bool {
    count.map { (batch * options.share.count + options.share.number) * options.batchSize >= $0 } ?? false
  }

  /// Makes one patch, when there is room for its batch. False when there is nothing more to make.
  private func makeOne() -> Bool {
    condition.lock()
    while !isEnded, !isLast(begun.batch), begun.patch == 0, begun.batch >= taken + options.ahead { condition.wait() }
    if isEnded || isLast(begun.batch) {
      condition.unlock()
      return false
    }
    if begun.patch == 0 { begin() }
    let (number, place) = (begun.batch, begun.patch)
    let target = pending[number]!
    begun = place + 1 == target.batch.draws.count ? (number + 1, 0) : (number, place + 1)
    let draw = target.batch.draws[place]
    let batch = target.batch
    condition.unlock()
    let result = Result {
      try datasets[draw.dataset].read(draw.position, augmentation, seed: options.seed, draw: draw.number, into: batch, place)
    }
    condition.lock()
    target.left -= 1
    if case .failure(let error) = result, target.failure == nil { target.failure = error }
    if target.left == 0 { condition.broadcast() }
    condition.unlock()
    return true
  }

  /// Draws the patches of the next batch; those of others are passed over.
  private func begin() {
    let batch = spare.popLast() ?? PatchBatch(arrays)
    let share = options.share
    for _ in 0..<(begun.batch == 0 ? share.number : share.count - 1) * options.batchSize { _ = sampler.next() }
    let left = count.map { $0 - (begun.batch * share.count + share.number) * options.batchSize } ?? .max
    batch.draws = (0..<min(left, options.batchSize)).map { _ in sampler.next()! }
    pending[begun.batch] = Pending(batch, batch.draws.count)
  }
}
