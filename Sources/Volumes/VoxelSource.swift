// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Voxels that can be read a box at a time, wherever they are.
///
/// Reading is synchronous and may be called from many threads at once.
public protocol VoxelSource: Sendable {
  /// Voxels along each axis.
  var extent: Extent { get }
  /// The format of the stored voxels.
  var voxelType: VoxelType { get }
  /// The unit in which storage is read: boxes aligned to multiples of it cost nothing twice.
  var chunk: Extent { get }
  /// The files beneath that cannot be read in parts.
  var residentFiles: [ResidentFile] { get }
  /// How chunks are stored, for people, as `blosc:zstd:5:shuffle`; `nil` where there is nothing to tell.
  var storage: String? { get }
  /// Reads the voxels in `box`, converted to `type` (saturating).
  ///
  /// - Throws: an error that names the file where storage cannot be read or decoded.
  /// - Precondition: `box` lies inside `extent`.
  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel>
  /// Told that `box` will be read soon, so that storage may begin to fetch it; without an implementation of its own, nothing happens.
  func willRead(_ box: Box)
  /// Reads the voxels in `box` to memory of as many, in C order; where an error is thrown, nothing there is of any value.
  ///
  /// - Throws: as `read(_:as:)`.
  /// - Precondition: `box` lies inside `extent`.
  func read<Voxel: VoxelScalar>(_ box: Box, into voxels: inout MutableSpan<Voxel>) throws
}

extension VoxelSource {
  public func willRead(_ box: Box) {}

  public func read<Voxel: VoxelScalar>(_ box: Box, into voxels: inout MutableSpan<Voxel>) throws {
    let read = try read(box, as: Voxel.self)
    voxels.copy(from: read.span)
  }

  /// Reads the voxels in `box` in place of others, whose memory is used again where they are as many: for boxes that are read one after the other.
  /// Where an error is thrown, nothing is left of them.
  ///
  /// - Throws: as `read(_:as:)`.
  /// - Precondition: `box` lies inside `extent`.
  public func read<Voxel: VoxelScalar>(_ box: Box, into voxels: inout VoxelBuffer<Voxel>) throws {
    var result = VoxelBuffer(unwritten: box.extent, reusing: &voxels)
    var span = result.mutableSpan
    try read(box, into: &span)
    voxels = result
  }

  public var residentFiles: [ResidentFile] { [] }
  public var storage: String? { nil }
}

/// Voxels that are in memory already.
public struct ArraySource<Stored: VoxelScalar>: VoxelSource {
  /// All voxels.
  public let voxels: VoxelBuffer<Stored>

  /// A source over `voxels`.
  public init(_ voxels: VoxelBuffer<Stored>) { self.voxels = voxels }

  public var extent: Extent { voxels.extent }
  public var voxelType: VoxelType { Stored.voxelType }
  public var chunk: Extent { voxels.extent }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    voxels.cropped(to: box).converted(to: type)
  }
}
