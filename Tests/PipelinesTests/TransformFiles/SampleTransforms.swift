// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Pipelines
import Transforms
import Volumes

/// The folder of a registration that never ran: lattices of unequal spacing that are turned in the world, an affine map that commutes with
/// nothing, a coarse warp and a local field.
struct SampleTransforms {
  let rank: Int
  let folder: String
  let fixed: FieldLattice
  let moving: FieldLattice
  let transform: ComposedTransform
  let local: SplineField

  static let turn = [[0.8, 0.0, -0.6], [0.36, 0.8, 0.48], [0.48, -0.6, 0.64]]

  /// Writes the folder.
  init(rank: Int, to folder: String, unit: LengthUnit? = .micrometer) throws {
    self.rank = rank
    self.folder = folder
    let isFlat = rank == 2
    let flatTurn = [[1.0, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]
    func lattice(_ lengths: [Int], _ spacing: [Double], _ origin: [Double], _ direction: [[Double]]) -> FieldLattice {
      FieldLattice(
        extent: Extent(isFlat ? [1] + lengths.dropFirst() : lengths),
        space: PhysicalSpace(
          spacing: isFlat ? [(spacing[1] + spacing[2]) / 2] + spacing.dropFirst() : spacing,
          origin: isFlat ? [0] + origin.dropFirst() : origin,
          direction: isFlat ? flatTurn : direction, unit: unit))
    }
    let fixed = lattice([22, 30, 34], [2, 1.25, 0.8], [40, -30, 20], Self.turn)
    self.fixed = fixed
    moving = lattice([26, 28, 36], [1.5, 1, 1.1], [38, -35, 26], [[1, 0, 0], [0, 0.6, 0.8], [0, -0.8, 0.6]])
    let linear =
      isFlat ? [[1, 0, 0], [0, 1.03, 0.15], [0, -0.1, 0.94]] : [[0.96, 0.2, -0.1], [-0.25, 1.03, 0.15], [0.1, -0.1, 0.94]]
    let affine = AffineTransform(matrix: linear, offset: [isFlat ? 0 : 3, -5, 4])
    let factors = isFlat ? [1, 3, 3] : [3, 3, 3]
    let coarse = Extent((0..<3).map { (fixed.extent[$0] + factors[$0] - 1) / factors[$0] })
    var warp = VectorField(zeros: coarse)
    for (number, index) in coarse.box.indices.enumerated() {
      if !isFlat { warp.z.elements[number] = 1.2 * Float(sin(Double(index[1]) * 0.6)) }
      warp.y.elements[number] = 1.5 * Float(cos(Double(index[2]) * 0.5 + 0.3 * Double(index[0])))
      warp.x.elements[number] = -1.1 * Float(sin(Double(index[1]) * 0.7 + 1))
    }
    transform = ComposedTransform(
      affine: affine, coarse: DisplacementField(vectors: warp, space: fixed.space.downsampled(by: factors)), fixedSpace: fixed.space)
    let spline = SplineLattice(extent: fixed.extent, stride: 4)
    var coefficients = VectorField(zeros: spline.box.extent)
    for (number, index) in spline.box.extent.box.indices.enumerated() {
      if !isFlat { coefficients.z.elements[number] = 0.5 * Float(sin(Double(index[2]) * 0.9)) }
      coefficients.y.elements[number] = 0.8 * Float(sin(Double(index[2]) * 0.8 + Double(index[0])))
      coefficients.x.elements[number] = 0.9 * Float(cos(Double(index[1]) * 0.7))
    }
    local = SplineField(lattice: spline, region: spline.box, coefficients: coefficients)
    let place = URL(fileURLWithPath: folder).appendingPathComponent("transforms")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let image = LazyVolume(Volume(voxels: VoxelBuffer<Float>(extent: moving.extent), space: moving.space), name: "moving")
    try TransformFolder.write(transform, fixed: fixed.extent, moving: image, rank: rank, to: place)
    let path = place.appendingPathComponent("field.ome.zarr").path
    try LocalField.createIfMissing(at: path, lattice: spline, space: fixed.space)
    let field = try LocalField.open(at: path, lattice: spline)
    try field.write(local)
    try TransformFolder.complete(place, with: field)
  }

  /// Fixed voxels inside, at nodes and between them.
  var voxels: [[Double]] {
    (0..<60).map { n in
      (0..<3).map { axis in
        let last = Double(fixed.extent[axis] - 1)
        return last == 0 ? 0 : (3 + Double((n * [7, 11, 13][axis]) % (2 * (fixed.extent[axis] - 7)))) / 2
      }
    }
  }

  /// World points of these.
  var points: [[Double]] { voxels.map { fixed.space.world(of: $0) } }

  /// Where the points go, by the registration's own evaluation.
  var mapped: [[Double]] { voxels.map { transform.map(fixedVoxel: $0, local: local) } }

  /// One hundredth of a fixed voxel.
  var hundredth: Double { 0.01 * fixed.finestSpacing }

  /// An image on the fixed or the moving lattice, as NIfTI.
  func writeImage(of lattice: FieldLattice, to path: String) throws {
    let extent = Extent(Array(lattice.extent.lengths.suffix(rank)))
    let space = lattice.space
    let flat = PhysicalSpace(
      spacing: Array(space.spacing.suffix(rank)), origin: Array(space.origin.suffix(rank)),
      direction: space.direction.suffix(rank).map { Array($0.suffix(rank)) }, unit: space.unit)
    try ImageFile.write(LazyVolume(Volume(voxels: VoxelBuffer<Float>(extent: extent), space: flat), name: path), to: path)
  }
}

/// The largest distance of two lists of points along an axis.
func largestDifference(_ a: [[Double]], _ b: [[Double]]) -> Double {
  zip(a, b).map { zip($0.suffix($1.count), $1).map { abs($0 - $1) }.max() ?? 0 }.max() ?? .infinity
}
