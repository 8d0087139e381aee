// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import Volumes

/// Chunks as they were decoded, kept for boxes that meet them again, so that boxes beside each other do not decode what they share once each.
///
/// Those that were not wanted for longest go first. For arrays that nobody writes meanwhile. Any number of threads.
public final class DecodedChunks: Sendable {
  private struct Kept {
    var voxels: any Sendable
    var shape: Shape
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
    /// Chunks that went, for their memory: new memory would be entered by the system page by page. Kept chunks and these are within the limit together.
    var spare: [Shape: [any Sendable]] = [:]
    var spareBytes = 0
  }

  /// Chunks in whose memory another one fits.
  private struct Shape: Hashable {
    var type: ObjectIdentifier
    var count: Int
    var bytes: Int

    init<Stored>(_ type: Stored.Type, _ count: Int) {
      (self.type, self.count, bytes) = (ObjectIdentifier(type), count, count * MemoryLayout<Stored>.stride)
    }
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

  /// Memory for the voxels of a chunk, of no particular value; empty where there is none to be used again.
  func spare<Stored: VoxelScalar>(_ count: Int, as type: Stored.Type) -> [Stored] {
    state.withLock { state in
      guard let voxels = state.spare[Shape(type, count)]?.popLast() as? [Stored] else { return [] }
      state.spareBytes -= Shape(type, count).bytes
      return voxels
    }
  }

  /// Keeps the voxels of a chunk, where it is not larger than all that may be kept.
  func keep<Stored: VoxelScalar>(_ voxels: [Stored], of chunk: String) {
    let bytes = voxels.count * MemoryLayout<Stored>.stride
    guard bytes <= limit else { return }
    // Memory is given back when nobody waits for it.
    let gone = state.withLock { state -> [any Sendable] in
      var gone: [any Sendable] = []
      state.count += 1
      if let before = state.chunks.updateValue(
        Kept(voxels: voxels, shape: Shape(Stored.self, voxels.count), bytes: bytes, wanted: state.count), forKey: chunk)
      {
        state.bytes -= before.bytes
      }
      state.bytes += bytes
      // Memory of a shape that nobody asks for goes first.
      while state.bytes + state.spareBytes > limit, let (shape, parts) = state.spare.max(by: { $0.value.count < $1.value.count }),
        !parts.isEmpty
      {
        gone.append(state.spare[shape]!.removeLast())
        state.spareBytes -= shape.bytes
      }
      guard state.bytes > limit else { return gone }
      // Some at once, so that not each chunk that comes looks through all.
      for (key, kept) in state.chunks.sorted(by: { $0.value.wanted < $1.value.wanted }) where state.bytes > limit - limit / 8 {
        state.chunks[key] = nil
        state.bytes -= kept.bytes
        state.spare[kept.shape, default: []].append(kept.voxels)
        state.spareBytes += kept.bytes
      }
      return gone
    }
    withExtendedLifetime(gone) {}
  }
}
