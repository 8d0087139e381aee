// SPDX-License-Identifier: Apache-2.0

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
      var least = Float.infinity
      var most = -Float.infinity
      for value in positions[axis].elements {
        if value < least { least = value }
        if value > most { most = value }
      }
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
  /// - Complexity: O(voxels).
  public func mapped(_ box: Box, local: SplineField?, to moving: PhysicalSpace) -> MappedBox {
    // Fixed voxel -> moving voxel, linear part: moving = matrix · voxel + offset + interpolated coarse displacement.
    let toMoving = AffineTransform.voxelMap(from: fixedSpace, through: affine, to: moving)
    let middle = toMoving((0..<3).map { Double(box.lower[$0] + box.upper[$0] - 1) / 2 })
    let base = middle.map { Int(min(max($0, -1e9), 1e9).rounded()) }
    let displacement = local?.dense(over: box)
    var positions = VectorField(zeros: box.extent)
    let longest = displacement?.longestComponent ?? 0
    let nodes = coarse.map {
      CoarseNodes($0, fixedSpace: fixedSpace, affine: affine, moving: moving, around: box, margin: Double(longest))
    }
    var start = toMoving.offset
    for axis in 0..<3 { start[axis] -= Double(base[axis]) }
    let shape = box.extent
    let (firstZ, firstY, firstX) = (Double(box.lower[0]), Double(box.lower[1]), Double(box.lower[2]))
    var z = positions.z.elements
    var y = positions.y.elements
    var x = positions.x.elements
    positions = VectorField(zeros: [0, 0, 0])
    let m = toMoving.matrix.map { SIMD3($0[0], $0[1], $0[2]) }
    let (mz, my, mx) = (m[0], m[1], m[2])
    let (startZ, startY, startX) = (start[0], start[1], start[2])
    for i in 0..<shape[0] {
      for j in 0..<shape[1] {
        let row = (i * shape[1] + j) * shape[2]
        for k in 0..<shape[2] {
          var voxel = SIMD3(firstZ + Double(i), firstY + Double(j), firstX + Double(k))
          if let displacement {
            voxel += SIMD3(
              Double(displacement.z.elements[row + k]), Double(displacement.y.elements[row + k]), Double(displacement.x.elements[row + k]))
          }
          var d = SIMD4<Float>(repeating: 0)
          if let nodes { d = nodes.interpolated(voxel) }
          z[row + k] = Float((mz * voxel).sum() + startZ) + d[0]
          y[row + k] = Float((my * voxel).sum() + startY) + d[1]
          x[row + k] = Float((mx * voxel).sum() + startX) + d[2]
        }
      }
    }
    return MappedBox(
      positions: VectorField(
        z: VoxelBuffer(extent: shape, elements: z), y: VoxelBuffer(extent: shape, elements: y),
        x: VoxelBuffer(extent: shape, elements: x)), base: base)
  }
}
