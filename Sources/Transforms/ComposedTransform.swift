// SPDX-License-Identifier: Apache-2.0

internal import Filtering
public import Grids
public import Volumes

/// The whole map from fixed to moving space, `T(x) = affine(coarse(x + u(x)))`: local displacement first, then the coarse warp, then the
/// affine map.
///
/// For SimpleITK's `CompositeTransform` this is the list `[affine, coarse_warp, u]` (last applied first), for `antsApplyTransforms` the
/// list `u, coarse_warp, affine`. Rank 3 throughout; 2D is one plane.
public struct ComposedTransform: Sendable {
  /// World to world, in the fixed image's unit.
  public var affine: AffineTransform
  /// The coarse warp, `x ↦ x + d(x)` in world units; `nil` for none.
  public var coarse: DisplacementField?
  /// The inverse of the coarse warp, a good start when the whole map is inverted; `nil` where there is none.
  public var coarseInverse: DisplacementField?
  /// The lattice that `u` is given on, and that boxes are counted in.
  public var fixedSpace: PhysicalSpace

  /// A map; without `coarse` it is the affine map after `u`.
  public init(affine: AffineTransform, coarse: DisplacementField?, coarseInverse: DisplacementField? = nil, fixedSpace: PhysicalSpace) {
    precondition(affine.rank == 3 && fixedSpace.rank == 3, "a composed transform has rank 3, 2D as one plane")
    self.affine = affine
    self.coarse = coarse
    self.coarseInverse = coarseInverse
    self.fixedSpace = fixedSpace
  }

  /// Where a (fractional) voxel of the fixed lattice goes, as a world position of the moving image.
  public func map(fixedVoxel voxel: [Double], local: SplineField?) -> [Double] {
    let moved = local.map { zip(voxel, $0.displacement(at: voxel)).map(+) } ?? voxel
    let world = fixedSpace.world(of: moved)
    return affine(coarse?(world) ?? world)
  }
}

/// The positions in a moving lattice that the voxels of a box of the fixed lattice go to.
public struct MappedBox: Sendable {
  /// Positions along z, y, x relative to `base`, in voxels of the moving lattice, one for each voxel of the box.
  public var positions: VectorField
  /// The moving voxel from which positions are counted; near the middle of where the box goes, so that `Float` loses nothing.
  public var base: [Int]

  package init(positions: VectorField, base: [Int]) {
    self.positions = positions
    self.base = base
  }

  /// Counts the positions from another voxel of the moving lattice.
  public mutating func rebase(to newBase: [Int]) {
    for axis in 0..<3 where base[axis] != newBase[axis] {
      let offset = Float(base[axis] - newBase[axis])
      positions[axis].add(offset)
    }
    base = newBase
  }

  /// The smallest box of moving voxels that holds every position and its neighbours for an interpolation that reaches `margin` voxels.
  public func bounds(margin: Int) -> Box {
    var lower: [Int] = []
    var upper: [Int] = []
    for axis in 0..<3 {
      let (least, most) = positions[axis].elements.extremes()
      // Far outside any volume is far enough.
      let bound = Float(1 << 30)
      func bounded(_ value: Float) -> Int { Int(min(max(value, -bound), bound).rounded(.down)) }
      lower.append(base[axis] + bounded(least) - margin)
      upper.append(base[axis] + bounded(most) + margin + 1)
    }
    return Box(lower: lower, upper: upper)
  }
}

extension ComposedTransform {
  /// Maps every voxel of a box.
  ///
  /// - Parameters:
  ///   - box: voxels of the fixed lattice; may reach beyond the volume where `local` is `nil`.
  ///   - local: `u`, holding the control points of `box`; `nil` for no local displacement.
  ///   - moving: the lattice to map to.
  ///   - threads: the most threads at work; the result does not depend on it.
  /// - Complexity: O(voxels).
  public func mapped(_ box: Box, local: SplineField?, to moving: PhysicalSpace, threads: Int = 1) -> MappedBox {
    mapped(box, displacement: local?.dense(over: box, threads: threads), to: moving, threads: threads)
  }

  /// The same with `u` given for each voxel of the box.
  func mapped(_ box: Box, displacement: VectorField?, to moving: PhysicalSpace, threads: Int) -> MappedBox {
    // Fixed voxel -> moving voxel, linear part: moving = matrix · voxel + offset + interpolated coarse displacement.
    let toMoving = AffineTransform.voxelMap(from: fixedSpace, through: affine, to: moving)
    let middle = toMoving((0..<3).map { Double(box.lower[$0] + box.upper[$0] - 1) / 2 })
    let base = middle.map { Int(min(max($0, -1e9), 1e9).rounded()) }
    let longest = displacement?.longestComponent(threads: threads) ?? 0
    let nodes = coarse.map {
      CoarseNodes($0, fixedSpace: fixedSpace, affine: affine, moving: moving, around: box, margin: Double(longest))
    }
    // Counted from the first voxel of the box and from `base`: rows begin in double precision, and Float does for the rest.
    let map = LinearMap(matrix: toMoving.matrix.flatMap(\.self), offset: toMoving.offset).from(box.lower, less: base)
    return MappedBox(
      positions: mappedPositions(box.extent, displacement: displacement, map: map, warp: nodes?.warp(from: box.lower), threads: threads),
      base: base)
  }
}
