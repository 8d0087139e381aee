// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A file of which no part can be read alone: once anything was read, its voxels stay in memory or, unpacked, in a temporary file.
public final class ResidentFile: Sendable {
  /// Bytes of its voxels.
  public let byteCount: Int
  /// Whether its voxels can be unpacked into a file.
  public let canUnpack: Bool
  private let unpacked = Atomic<Bool>(false)

  /// A file whose voxels stay in memory.
  public init(byteCount: Int, canUnpack: Bool) { (self.byteCount, self.canUnpack) = (byteCount, canUnpack) }

  /// Whether its voxels are kept in a temporary file.
  public var isUnpacked: Bool { unpacked.load(ordering: .acquiring) }

  /// Bytes that stay in memory once anything was read.
  public var residentBytes: Int { isUnpacked ? 0 : byteCount }

  /// Keeps the voxels in a temporary file from now on, which is made when anything is read.
  ///
  /// - Precondition: `canUnpack`.
  public func unpack() {
    precondition(canUnpack, "only what can be unpacked is unpacked")
    unpacked.store(true, ordering: .releasing)
  }
}
