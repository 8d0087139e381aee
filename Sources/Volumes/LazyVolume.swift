// SPDX-License-Identifier: Apache-2.0

public import Grids

/// A 2D or 3D image that is opened but not loaded: nothing is read before a box is asked for.
///
/// Crop, padding, another order of axes, another format, concatenation, channel selection, luminance and downsampling give new lazy volumes
/// over the same storage.
public struct LazyVolume: Sendable {
  /// Where the voxels come from; its axes are the spatial ones, slowest first.
  public let source: any VoxelSource
  /// Where the voxels lie.
  public let space: PhysicalSpace
  /// What to call the volume in messages: usually its path.
  public let name: String

  /// A lazy volume over `source`.
  public init(source: any VoxelSource, space: PhysicalSpace, name: String) {
    precondition(source.extent.rank == space.rank, "a source of rank \(source.extent.rank) needs a space of that rank")
    self.source = source
    self.space = space
    self.name = name
  }

  /// A lazy volume over an image in memory.
  public init(_ volume: Volume, name: String) {
    self.init(source: ArraySource(volume.voxels), space: volume.space, name: name)
  }

  /// Voxels along each axis.
  public var extent: Extent { source.extent }

  /// The number of axes, 2 or 3.
  public var rank: Int { extent.rank }

  /// Reads a box.
  ///
  /// - Throws: what the storage throws, naming the file.
  public func read(_ box: Box) throws -> VoxelBuffer<Float> { try source.read(box, as: Float.self) }

  /// Reads everything.
  public func load() throws -> Volume { Volume(voxels: try read(extent.box), space: space) }

  /// The part inside `box`.
  public func cropped(to box: Box) -> LazyVolume {
    LazyVolume(source: CroppedSource(base: source, box: box), space: space.cropped(at: box.lower), name: name)
  }

  /// The volume with voxels of one value around it, which stays where it is.
  ///
  /// - Precondition: `lower` and `upper` have a number from 0 for each axis.
  public func padded(lower: [Int], upper: [Int], value: Double = 0) -> LazyVolume {
    LazyVolume(
      source: PaddedSource(base: source, lower: lower, upper: upper, value: value), space: space.cropped(at: lower.map { -$0 }), name: name)
  }

  /// The volume with its axes in another order, which stays where it is: axis `n` of the result is axis `axes[n]` of this one.
  ///
  /// - Precondition: `axes` names each axis once.
  public func permuted(_ axes: [Int]) -> LazyVolume {
    var turned = space
    turned.spacing = axes.map { space.spacing[$0] }
    turned.direction = space.direction.map { row in axes.map { row[$0] } }
    return LazyVolume(source: AxisMappedSource(base: source, axes: axes, fixed: [:]), space: turned, name: name)
  }

  /// The volume as voxels of another format.
  public func cast(to type: VoxelType) -> LazyVolume {
    LazyVolume(source: CastSource(base: source, as: type), space: space, name: name)
  }

  /// Volumes one behind the other along an axis, where the first one lies.
  ///
  /// - Precondition: there is one, and all are alike but for their length along `axis`.
  public static func concatenated(_ volumes: [LazyVolume], along axis: Int) -> LazyVolume {
    LazyVolume(source: ConcatenatedSource(volumes.map(\.source), along: axis), space: volumes[0].space, name: volumes[0].name)
  }

  /// The mean over `factors` voxels an axis; the last voxels average what is there.
  public func downsampled(by factors: [Int]) -> LazyVolume {
    if factors.allSatisfy({ $0 == 1 }) { return self }
    return LazyVolume(source: MeanDownsampledSource(base: source, factors: factors), space: space.downsampled(by: factors), name: name)
  }

  /// The same voxels at another place.
  public func placed(in space: PhysicalSpace) -> LazyVolume { LazyVolume(source: source, space: space, name: name) }

  /// The volume with an axis of one plane before the others where it is 2D; itself where it is 3D.
  public func liftedToThreeAxes() -> LazyVolume {
    guard rank == 2 else { return self }
    return LazyVolume(
      source: AxisMappedSource(base: source, axes: [nil, 0, 1], fixed: [:]), space: space.liftedToThreeAxes(), name: name)
  }
}
