// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

/// Weft's own affine alignment of two prepared images at one resolution.
///
/// Each step takes the metric's normal equations for a displacement of each cell (as the deformable engine does), sums them over what the
/// parameters of the model do to the cells, and solves for the parameters: Gauss-Newton with Levenberg's damping, composed before the map
/// so far.
struct AffineEngine {
  typealias Affine = Transforms.AffineTransform

  private let level: DeformableLevel
  private let fixedSpace: PhysicalSpace
  private let movingSpace: PhysicalSpace
  /// Not a number where a voxel does not count.
  private let moving: VoxelBuffer<Float>
  /// Fixed voxels that could meet a moving one.
  private let possible: Double
  private let rank: Int
  private let threads: Int
  private var forces: any DeformableForces
  private var equations: [Float]?

  /// - Parameter radius: of the windows of `lncc`, in voxels; in a plane they are twice as wide.
  init(fixed: PreparedImage, moving: PreparedImage, metric: RegistrationMetric, radius: Int, threads: Int) throws {
    let lattice = Lattice(fixed.extent)
    let spacing = fixed.space.spacing
    let fieldFactors = halving(lattice: lattice, spacing: spacing, minimum: 4)
    let fieldLattice = lattice.dividedRoundingUp(by: fieldFactors)
    let nothing = LevelImage(values: [], valid: [])
    level = DeformableLevel(
      factors: [1, 1, 1], lattice: lattice, fieldFactors: fieldFactors, fieldLattice: fieldLattice, spacing: spacing,
      fullSpacing: spacing, fixed: try standardised(fixed.values, mask: fixed.mask, name: "fixed", threads: threads), moving: nothing)
    self.moving = VoxelBuffer(
      extent: moving.extent,
      elements: try standardised(moving.values, mask: moving.mask, name: "moving", threads: threads).forWarping(threads: threads).values)
    (fixedSpace, movingSpace, rank) = (fixed.space, moving.space, fixed.rank)
    possible = max(1, min(Double(fixed.validCount), Double(moving.validCount) * moving.voxelVolume / fixed.voxelVolume))
    self.threads = threads
    var options = DeformableOptions()
    options.metric = DeformableMetric(metric, radius: radius)
    forces = options.metric.forces(options, isPlane: lattice.z == 1)
    equations = [Float](repeating: 0, count: 9 * fieldLattice.count)
  }

  /// The map that a model reaches from `start` in at most so many steps, with the metric there (more is better) and the steps taken.
  mutating func optimise(_ model: AffineOptions.Model, iterations: Int, from start: Affine) -> (map: Affine, score: Double, steps: Int) {
    let basis = model.basis(rank: rank)
    var map = start
    var (score, normal) = evaluate(map)
    var damping = 1e-3
    var steps = 0
    while steps < iterations {
      steps += 1
      guard let parameters = normal.solved(basis, damping: damping) else { break }
      let step = normal.limited(parameters, to: 3)
      let candidate = map.after(normal.map(step, isRigid: model == .rigid, in: fixedSpace))
      let (reached, next) = evaluate(candidate)
      if reached > score {
        (map, score, normal) = (candidate, reached, next)
        damping = max(damping / 4, 1e-5)
        if normal.length(step) < 0.01 { break }
      } else {
        damping *= 10
        if damping > 1e3 || normal.length(step) < 0.01 { break }
      }
    }
    return (map, score, steps)
  }

  /// The metric under a map, less where little overlaps, and the equations of a step from there.
  private mutating func evaluate(_ map: Affine) -> (score: Double, normal: AffineEquations) {
    let toMoving = Affine.voxelMap(from: fixedSpace, through: map, to: movingSpace)
    let extent = Extent(level.lattice.lengths)
    let positions = mappedPositions(
      extent, displacement: nil, map: LinearMap(matrix: toMoving.matrix.flatMap(\.self), offset: toMoving.offset), warp: nil,
      threads: threads)
    var (values, valid) = resampledToHalfVoxel(moving, at: positions, threads: threads)
    var count = 0
    for i in valid.elements.indices {
      if valid.elements[i] != 0, !values.elements[i].isNaN {
        count += Int(level.fixed.valid[i])
      } else {
        values.elements[i] = 0
        valid.elements[i] = 0
      }
    }
    let value = forces.evaluate(
      fixed: level.fixed, warped: LevelImage(values: values.elements, valid: valid.elements), level: level, bothGradients: true,
      equations: &equations, threads: threads)
    let overlap = Double(count) / possible
    let weight = min(1, overlap / 0.5)
    let score = overlap < 0.02 ? -.infinity : value < 0 ? value / weight : value * weight
    return (score, AffineEquations(equations!, level: level))
  }
}

extension AffineOptions.Model {
  /// Columns of parameters: how much of each of the twelve numbers of a displacement `p_a0 + p_a1 q_z + p_a2 q_y + p_a3 q_x` along axis a.
  fileprivate func basis(rank: Int) -> [[Double]] {
    let axes = Array((3 - rank)..<3)
    func unit(_ axis: Int, _ term: Int, _ value: Double = 1) -> [Double] { (0..<12).map { $0 == 4 * axis + term ? value : 0 } }
    let shifts = axes.map { unit($0, 0) }
    switch self {
    case .translation: return shifts
    case .rigid:
      let pairs = axes.flatMap { a in axes.filter { $0 > a }.map { (a, $0) } }
      return shifts + pairs.map { a, b in zip(unit(a, b + 1), unit(b, a + 1, -1)).map(+) }
    case .affine: return shifts + axes.flatMap { a in axes.map { unit(a, $0 + 1) } }
    }
  }
}
