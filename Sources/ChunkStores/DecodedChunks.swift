// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import Volumes

/// Chunks as they were decoded, kept for boxes that meet them again, so that boxes beside each other do not decode what they share once each.
///
/// Those that were not wanted for longest go first. For arrays that nobody writes meanwhile. Any number of threads.
public final class DecodedChunks: Sendable {
  /// A chunk of an array, without memory of its own: a name for each chunk, which stays, would lie among what decoders take and give back, and
  /// leave holes as large as that.
  struct Place: Hashable {
    /// As `number(of:)` gives it.
    var array: Int
    /// Counted in C order.
    var chunk: Int
  }

  private struct Kept {
    var voxels: any Sendable
    var shape: Shape
  }

  private struct State {
    var chunks = RecencyList<Place, Kept>()
    /// Arrays by their paths.
    var arrays: [String: Int] = [:]
    var bytes = 0
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

  /// What an array is called here.
  func number(of path: String) -> Int {
    state.withLock { state in
      let number = state.arrays[path] ?? state.arrays.count
      state.arrays[path] = number
      return number
    }
  }

  /// The voxels of a chunk, in the order in which they are stored; `nil` where they are not kept.
  func voxels<Stored: VoxelScalar>(of chunk: Place, as type: Stored.Type) -> [Stored]? {
    state.withLock { state in
      guard let kept = state.chunks.value(of: chunk) else {
        state.misses += 1
        return nil
      }
      state.hits += 1
      return kept.voxels as? [Stored]
    }
  }

  /// Memory for the voxels of a chunk, of no particular value.
  func memory<Stored: VoxelScalar>(_ count: Int, as type: Stored.Type) -> [Stored] {
    let spare = state.withLock { state -> [Stored]? in
      guard let voxels = state.spare[Shape(type, count)]?.popLast() as? [Stored] else { return nil }
      state.spareBytes -= Shape(type, count).bytes
      return voxels
    }
    return spare ?? [Stored](unwritten: count)
  }

  /// Takes back memory that was not needed.
  func giveBack<Stored: VoxelScalar>(_ voxels: [Stored]) {
    if voxels.isEmpty { return }
    let shape = Shape(Stored.self, voxels.count)
    state.withLock { state in
      guard state.bytes + state.spareBytes + shape.bytes <= limit else { return }
      state.spare[shape, default: []].append(voxels)
      state.spareBytes += shape.bytes
    }
  }

  /// Keeps the voxels of a chunk, where it is not larger than all that may be kept.
  func keep<Stored: VoxelScalar>(_ voxels: [Stored], of chunk: Place) {
    let shape = Shape(Stored.self, voxels.count)
    guard shape.bytes <= limit else { return }
    // Memory is given back when nobody waits for it.
    let gone = state.withLock { state -> [any Sendable] in
      var gone: [any Sendable] = []
      if let before = state.chunks.insert(Kept(voxels: voxels, shape: shape), for: chunk) {
        state.bytes -= before.shape.bytes
        gone.append(before.voxels)
      }
      state.bytes += shape.bytes
      // Memory of a shape that nobody asks for goes first.
      while state.bytes + state.spareBytes > limit, let (shape, parts) = state.spare.max(by: { $0.value.count < $1.value.count }),
        !parts.isEmpty
      {
        gone.append(state.spare[shape]!.removeLast())
        state.spareBytes -= shape.bytes
      }
      // Some at once, so that there is memory for those that come.
      let most = state.bytes > limit ? limit - limit / 8 : limit
      while state.bytes > most, let oldest = state.chunks.removeOldest() {
        state.bytes -= oldest.shape.bytes
        state.spare[oldest.shape, default: []].append(oldest.voxels)
        state.spareBytes += oldest.shape.bytes
      }
      return gone
    }
    withExtendedLifetime(gone) {}
  }
}
