// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A file of which no part can be read alone: once anything was read, its voxels stay in memory or, unpacked, in a temporary file.
///
/// Which of both is settled once: by `unpack()`, or for memory by the first read.
public final class ResidentFile: Sendable {
  /// Where voxels are kept.
  public enum Place: Int, Sendable {
    case undecided, memory, unpacked
  }

  /// Bytes of its voxels.
  public let byteCount: Int
  /// Whether its voxels can be unpacked into a file.
  public let canUnpack: Bool
  private let place = Atomic<Int>(Place.undecided.rawValue)

  /// A file whose voxels stay in memory, unless `unpack()` is called before anything is read.
  public init(byteCount: Int, canUnpack: Bool) { (self.byteCount, self.canUnpack) = (byteCount, canUnpack) }

  /// Bytes that stay in memory once anything was read.
  public var residentBytes: Int { place.load(ordering: .acquiring) == Place.unpacked.rawValue ? 0 : byteCount }

  /// Whether `unpack()` would change anything.
  public var isOpenToUnpacking: Bool { canUnpack && place.load(ordering: .acquiring) == Place.undecided.rawValue }

  /// Keeps the voxels in a temporary file, which is made when anything is read, unless they are in memory already.
  ///
  /// - Precondition: `canUnpack`.
  public func unpack() {
    precondition(canUnpack, "only what can be unpacked is unpacked")
    settle(.unpacked)
  }

  /// Where voxels are kept, in memory where nothing was said before.
  public func settled() -> Place { settle(.memory) }

  @discardableResult private func settle(_ wanted: Place) -> Place {
    let (changed, known) = place.compareExchange(
      expected: Place.undecided.rawValue, desired: wanted.rawValue, ordering: .acquiringAndReleasing)
    return changed ? wanted : Place(rawValue: known)!
  }
}
