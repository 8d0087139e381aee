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
  /// The draw of each patch. Of the last batch there may be fewer than the arrays have room for.
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

  /// Changes the numbers of a channel of a patch. Those of a patch may be changed by one thread at a time.
  func change<Result>(
    _ patch: Int, _ array: Int, _ channel: Int, _ body: (inout MutableSpan<Float>) throws -> Result
  ) rethrows -> Result {
    let shape = arrays[array].shape
    let count = shape.dropFirst(2).reduce(1, *)
    let start = (patch * shape[1] + channel) * count
    var numbers = unsafe UnsafeMutableBufferPointer(rebasing: memory[array][start..<start + count]).mutableSpan
    return try body(&numbers)
  }

  /// As a real number: what is asked for may be beyond any memory.
  static func byteCount(_ arrays: [Array]) -> Double { arrays.reduce(0) { $0 + 4 * $1.shape.reduce(1) { $0 * Double($1) } } }
}
