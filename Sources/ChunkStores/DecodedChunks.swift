// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import Volumes

/// Chunks as they were decoded, kept for boxes that meet them again, so that boxes beside each other do not decode what they share once each.
///
/// Those that were not wanted for longest go first. For arrays that nobody writes meanwhile. Any number of threads.
public final class DecodedChunks: Sendable {
  private struct Kept {
    var voxels: any Sendable
    var bytes: Int
    /// When it was wanted last, by a count of what is wanted.
    var wanted: Int
  }

  private struct State {
    var chunks: [String: Kept] = [:]
    var bytes = 0
    var count = 0
    var hits = 0
    var misses = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter bytes: the most that is kept.
  public init(bytes: Int) { limit = bytes }

  /// How often a chunk that was wanted was kept, and how often it was not.
  package var uses: (hits: Int, misses: Int) { state.withLock { ($0.hits, $0.misses) } }

  /// The voxels of a chunk, in the order in which they are stored; `nil` where they are not kept.
  func voxels<Stored: VoxelScalar>(of chunk: String, as type: Stored.Type) -> [Stored]? {
    state.withLock { state in
      guard let place = state.chunks.index(forKey: chunk) else {
        state.misses += 1
        return nil
      }
      state.hits += 1
      state.count += 1
      state.chunks.values[place].wanted = state.count
      return state.chunks.values[place].voxels as? [Stored]
    }
  }

  /// Keeps the voxels of a chunk, where it is not larger than all that may be kept.
  func keep<Stored: VoxelScalar>(_ voxels: [Stored], of chunk: String) {
    let bytes = voxels.count * MemoryLayout<Stored>.stride
    guard bytes <= limit else { return }
    state.withLock { state in
      state.count += 1
      if let before = state.chunks.updateValue(Kept(voxels: voxels, bytes: bytes, wanted: state.count), forKey: chunk) {
        state.bytes -= before.bytes
      }
      state.bytes += bytes
      guard state.bytes > limit else { return }
      // Some at once, so that not each chunk that comes looks through all.
      for (key, kept) in state.chunks.sorted(by: { $0.value.wanted < $1.value.wanted }) where state.bytes > limit - limit / 8 {
        state.chunks[key] = nil
        state.bytes -= kept.bytes
      }
    }
  }
}
