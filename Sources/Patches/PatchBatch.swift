// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Patches side by side in memory that is used again: for each array numbers of single precision in C order, patch by patch, channel by channel.
@safe public final class PatchBatch: @unchecked Sendable {
  // Written to by the loader's threads, each to a part of its own, before anybody else has it.

  /// One array of a batch.
  public struct Array: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Patches, channels, z, y, x.
    public let shape: [Int]
  }

  /// The arrays, inputs before targets.
  public let arrays: [Array]
  /// The draw of each patch.
  public internal(set) var draws: [PatchDraw] = []
  private let memory: [UnsafeMutableBufferPointer<Float>]

  init(_ arrays: [Array]) {
    self.arrays = arrays
    unsafe memory = arrays.map { .allocate(capacity: $0.shape.reduce(1, *)) }
  }

  deinit { for index in arrays.indices { unsafe memory[index].deallocate() } }

  /// The numbers of an array, without a copy. They are gone with the batch.
  public func withUnsafeNumbers<Result>(of array: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    try unsafe body(UnsafeBufferPointer(memory[array]))
  }

  /// The numbers of an array, copied.
  public func numbers(of array: Int) -> [Float] { unsafe withUnsafeNumbers(of: array) { unsafe [Float]($0) } }

  /// Puts a patch at its place. Each place may be written to by one thread at a time.
  func put(_ patch: PatchDataset.Channels, at place: Int) {
    for (array, channels) in patch.enumerated() {
      let count = channels.reduce(0) { $0 + $1.count }
      var start = place * count
      for channel in channels {
        unsafe channel.elements.withUnsafeBufferPointer { values in
          _ = unsafe UnsafeMutableBufferPointer(rebasing: memory[array][start..<start + values.count]).update(from: values)
        }
        start += channel.count
      }
    }
  }

  /// As a real number: what is asked for may be beyond any memory.
  static func byteCount(_ arrays: [Array]) -> Double { arrays.reduce(0) { $0 + 4 * $1.shape.reduce(1) { $0 * Double($1) } } }
}
