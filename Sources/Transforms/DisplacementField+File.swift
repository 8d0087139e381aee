// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import ImageFiles
public import Volumes

extension DisplacementField {
  /// Reads a displacement field that ITK or ANTs wrote as a vector image (NIfTI, NRRD, MetaImage), 2D or 3D.
  ///
  /// - Parameters:
  ///   - path: the file, in millimetres.
  ///   - unit: what vectors and lattice are converted to; `nil` leaves them in millimetres.
  /// - Throws: `ImageFileError` where it cannot be read, `TransformError` where it is no vector image.
  public static func read(contentsOf path: String, unit: LengthUnit? = nil) throws -> DisplacementField {
    let image = try ImageFile.open(path: path)
    let rank = image.axes.filter { $0.kind == .space }.count
    guard image.axes.last?.kind == .channel, image.timeCount == 1, image.axes.count == rank + 1, image.channelCount == rank else {
      throw TransformError(
        "\(path) is no displacement field: it has the axes \(image.axes.map(\.name).joined(separator: ",")) and "
          + "\(image.channelCount) components a voxel, and as many components as spatial axes are needed",
        hint: "give a vector image as ANTs writes it (1Warp.nii.gz)")
    }
    let level = image.levels[0]
    let space = level.space.liftedToThreeAxes()
    let extent = Extent((rank == 2 ? [1] : []) + level.source.extent.lengths.dropLast())
    let interleaved = try level.source.read(level.source.extent.box, as: Float.self)
    var vectors = VectorField(zeros: extent)
    for component in 0..<rank {
      // Components are x first; axis 2 is x.
      vectors[2 - component] = VoxelBuffer(
        extent: extent, elements: (0..<extent.count).map { interleaved.elements[$0 * rank + component] })
    }
    return DisplacementField(vectors: vectors, space: space).converted(to: unit)
  }

  /// Writes the field as a vector image that ITK and ANTs read as a displacement field: vectors x first, LPS, float 32, in millimetres where
  /// the unit is known.
  ///
  /// - Parameters:
  ///   - path: the file, named `.nii`, `.nii.gz` or `.nrrd`; it appears under its name when it is complete.
  ///   - rank: 2 writes a lattice of one plane as a true 2D field of two components.
  /// - Throws: `TransformError` where the lattice has more planes than rank 2 takes; `ImageFileError` where it cannot be written.
  public func write(to path: String, rank: Int = 3) throws {
    guard rank == 3 || (rank == 2 && vectors.extent[0] == 1) else {
      throw TransformError("\(path) cannot be written as a field of rank \(rank): its lattice is \(vectors.extent)")
    }
    let field = converted(to: .millimeter)
    let extent = Extent(Array(vectors.extent.lengths.suffix(rank)))
    let space = PhysicalSpace(
      spacing: Array(field.space.spacing.suffix(rank)), origin: Array(field.space.origin.suffix(rank)),
      direction: field.space.direction.suffix(rank).map { Array($0.suffix(rank)) }, unit: field.space.unit)
    let channels = (0..<rank).map { component in
      LazyVolume(Volume(voxels: field.vectors[2 - component].reshaped(to: extent), space: space), name: path)
    }
    try ImageFile.write(channels: channels, to: path)
  }

  /// The field with vectors and lattice in another unit; unchanged where either unit is unknown.
  public func converted(to target: LengthUnit?) -> DisplacementField {
    guard let unit = space.unit, let target, unit != target else { return self }
    let factor = Float(unit.factor(to: target))
    var vectors = vectors
    for axis in 0..<3 { vectors[axis] = vectors[axis].mapVoxels { $0 * factor } }
    return DisplacementField(vectors: vectors, space: space.converted(to: target))
  }
}
