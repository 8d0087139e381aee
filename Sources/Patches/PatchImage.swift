// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Pipelines
internal import Volumes

/// An image from which patches of one array are cut.
///
/// The coarsest level whose voxels are no farther apart than the array's is read (by 1 %), the finest where there is none. Where it is finer by
/// whole factors and values are interpolated, it is averaged over these first, so that nothing is aliased; labels are taken from the nearest voxel.
struct PatchImage: Sendable {
  /// What is cut out.
  let array: PatchArray
  /// How values between voxels are found.
  let interpolation: PatchInterpolation
  /// The path of the image.
  let path: String
  /// The name of the level that is read, and the factors by which it is averaged first.
  let level: (name: String, factors: [Int])
  /// The whole image.
  let bounds: PhysicalBox

  private let source: any VoxelSource
  /// The middle of the first voxel, and the distance between voxels, along the image's axes, in the unit of the dataset.
  private let origin: [Double]
  let spacing: [Double]

  /// - Parameters:
  ///   - image: one channel of an image of two or three axes.
  ///   - unit: the unit of the dataset; `nil` where the image's is taken as it is.
  ///   - direction: how the dataset's axes lie, which the image's must, too.
  /// - Throws: `PipelineError` where the image lies at an angle to the dataset.
  init(
    _ image: VolumePyramid, _ array: PatchArray, interpolation: PatchInterpolation, unit: LengthUnit?, direction: [[Double]], path: String
  ) throws {
    let levels = image.levels.map { level in
      let lifted = level.rank == 2 ? level.liftedToThreeAxes() : level
      return lifted.placed(in: lifted.space.converted(to: unit ?? lifted.space.unit))
    }
    for (row, expected) in zip(levels[0].space.direction, direction) {
      guard zip(row, expected).allSatisfy({ abs($0 - $1) < 1e-4 }) else {
        throw PipelineError(
          "\(path) lies at an angle to the dataset: its axes point along \(levels[0].space.direction), the first image's along \(direction)",
          hint: "bring all images onto one lattice first, with `weft apply --like`")
      }
    }
    func isSufficient(_ level: LazyVolume) -> Bool { zip(level.space.spacing, array.scale).allSatisfy { $0 <= 1.01 * $1 } }
    let chosen = levels.filter(isSufficient).max { $0.space.spacing.reduce(1, *) < $1.space.spacing.reduce(1, *) } ?? levels[0]
    let factors =
      interpolation == .nearest ? [1, 1, 1] : zip(array.scale, chosen.space.spacing).map { max(1, Int(min($0 / $1 * 1.01, 1e6))) }
    let volume = factors == [1, 1, 1] ? chosen : chosen.downsampled(by: factors)
    (self.array, self.interpolation, self.path) = (array, interpolation, path)
    level = (chosen.name, factors)
    source = volume.source
    (origin, spacing) = (Self.along(direction, volume.space.origin), volume.space.spacing)
    let finest = levels[0]
    let corner = zip(Self.along(direction, finest.space.origin), finest.space.spacing).map { $0 - $1 / 2 }
    bounds = PhysicalBox(
      lower: corner, upper: (0..<3).map { corner[$0] + Double(finest.extent[$0]) * finest.space.spacing[$0] })
  }

  /// A place along axes that point in a direction.
  private static func along(_ direction: [[Double]], _ place: [Double]) -> [Double] {
    (0..<3).map { axis in (0..<3).reduce(0) { $0 + direction[$1][axis] * place[$1] } }
  }

  /// The format of the stored voxels.
  var voxelType: VoxelType { source.voxelType }

  /// Voxels of the level that is read.
  var extent: Extent { source.extent }
  /// How they are stored.
  var chunk: Extent { source.chunk }

  /// Where the middle of a voxel lies along an axis.
  func center(of index: Int, axis: Int) -> Double { origin[axis] + Double(index) * spacing[axis] }

  /// The voxels whose middles lie in a box.
  func indices(of box: PhysicalBox) -> Box {
    func place(_ edge: Double, _ axis: Int) -> Int {
      min(max(Int(((edge - origin[axis]) / spacing[axis] - 1e-6).rounded(.up)), 0), source.extent[axis])
    }
    let lower = (0..<3).map { place(box.lower[$0], $0) }
    return Box(lower: lower, upper: (0..<3).map { max(lower[$0], place(box.upper[$0], $0)) })
  }

  /// Voxels of the level: 1 where they have a value and 0 where they have another, or as they are without one; NaN where nothing is known.
  func read(_ box: Box, isValue value: Double?) throws -> VoxelBuffer<Float> {
    guard let value else { return try source.read(box, as: Float.self) }
    // Ids that single precision does not hold.
    if voxelType.isInteger, value > 0x1p24 { return try source.read(box, as: UInt64.self).mapVoxels { Double($0) == value ? 1 : 0 } }
    return try source.read(box, as: Float.self).mapVoxels { $0.isNaN ? .nan : Double($0) == value ? 1 : 0 }
  }

  /// The lower corner of the first voxel that is read.
  var corner: [Double] { zip(origin, spacing).map { $0 - $1 / 2 } }

  /// Reads the voxels of a patch; `outside` where the image has none. O(voxels).
  ///
  /// - Parameters:
  ///   - center: in the unit of the dataset, along its axes.
  ///   - motion: what is done to it.
  ///   - patch: as many voxels as the array has.
  /// - Throws: where storage cannot be read.
  func read<Voxel: VoxelScalar>(
    around center: [Double], _ motion: PatchMotion?, outside: Voxel, into patch: inout MutableSpan<Voxel>
  ) throws {
    let middle = array.shape.lengths.map { Double($0) / 2 - 0.5 }
    let turned = motion?.matrix ?? [1, 0, 0, 0, 1, 0, 0, 0, 1]
    // From voxels of the patch to voxels of the image.
    let matrix = (0..<9).map { turned[$0] * array.scale[$0 % 3] / spacing[$0 / 3] }
    let offset = (0..<3).map { (row: Int) -> Double in
      let toFirst = matrix[3 * row] * middle[0] + matrix[3 * row + 1] * middle[1] + matrix[3 * row + 2] * middle[2]
      return (center[row] - origin[row]) / spacing[row] - toFirst
    }
    let map = LinearMap(matrix: matrix, offset: offset)
    let displacement = motion?.displacement(of: array)
    if displacement == nil, let whole = WholeSteps(map, array.shape, isNearest: interpolation == .nearest) {
      return try whole.read(source, outside: outside, into: &patch)
    }
    let voxels = try sampled(map, displacement, outside)
    patch.copy(from: voxels.span)
  }

  /// The largest distance from zero.
  private static func largest(_ values: VoxelBuffer<Float>) -> Double { Double(values.elements.reduce(0) { max($0, abs($1)) }) }

  private func sampled<Voxel: VoxelScalar>(
    _ map: LinearMap, _ displacement: VectorField?, _ outside: Voxel
  ) throws -> VoxelBuffer<Voxel> {
    // How far voxels are taken from where the linear part alone has them.
    let bent = displacement.map { field in [field.z, field.y, field.x].map(Self.largest) }
    let reach = interpolation == .cubic ? 3 : 2
    var (lower, upper): ([Int], [Int]) = ([], [])
    for row in 0..<3 {
      var (least, most) = (map.offset[row], map.offset[row])
      for axis in 0..<3 {
        let step = map.matrix[3 * row + axis]
        let margin = (bent?[axis] ?? 0) * abs(step)
        let way = step * Double(array.shape[axis] - 1)
        least += min(way, 0) - margin
        most += max(way, 0) + margin
      }
      // What lies far outside is as far as one voxel outside.
      let (first, last) = (Int(max(least, -1e9).rounded(.down)) - reach, Int(min(most, 1e9).rounded(.up)) + reach)
      lower.append(min(max(first, 0), source.extent[row]))
      upper.append(min(max(last, 0), source.extent[row]))
    }
    let box = Box(lower: lower, upper: zip(lower, upper).map { max($0, $1) })
    if box.isEmpty { return VoxelBuffer(extent: array.shape, repeating: outside) }
    var positions = mappedPositions(array.shape, displacement: displacement, map: map.from([0, 0, 0], less: lower), warp: nil, threads: 1)
    guard interpolation != .nearest, let blank = outside as? Float else {
      // Half-way places all go the same way.
      positions.z.add(1e-4)
      positions.y.add(1e-4)
      positions.x.add(1e-4)
      return nearest(try source.read(box, as: Voxel.self), at: positions, outside: outside)
    }
    let voxels = try source.read(box, as: Float.self)
    let values = resampledToHalfVoxel(voxels, at: positions, interpolation: interpolation.filter, outside: blank, threads: 1).values
    return values as! VoxelBuffer<Voxel>
  }
}
