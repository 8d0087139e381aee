// SPDX-License-Identifier: Apache-2.0

internal import Filtering
package import Grids
package import Transforms
package import Volumes

/// Measures the Jacobian of the whole map `T(x) = affine(coarse(x + u(x)))`, relative to that of its affine part.
package struct MapInspector: Sendable {
  let transform: ComposedTransform
  let field: LocalField?
  /// The registered region.
  let extent: Extent
  /// The moving lattice.
  let moving: PhysicalSpace
  let movingExtent: Extent
  /// The least determinant that is left alone.
  let threshold: Float

  /// An inspector of a map.
  package init(
    transform: ComposedTransform, field: LocalField?, extent: Extent, moving: PhysicalSpace, movingExtent: Extent,
    threshold: Float
  ) {
    self.transform = transform
    self.field = field
    self.extent = extent
    self.moving = moving
    self.movingExtent = movingExtent
    self.threshold = threshold
  }

  /// The map over some voxels, tile by tile, and those of them where the local field is to be smoothed: where the determinant of the whole
  /// map is at most the threshold, and that of `x + u(x)` at most a half. Elsewhere it is the coarse map that folds, which `u` cannot mend.
  package func check(_ voxels: Box) throws -> (check: MapCheck, faults: [[Int]]) {
    var result = MapCheck()
    var faults: [[Int]] = []
    let scale = self.scale
    for tile in voxels.tiles(of: [64, 128, 128]) {
      try Task.checkCancellation()
      // One voxel around the tile is mapped too, so that differences are central everywhere.
      let reach = tile.expanded(by: [1, 1, 1]).intersection(extent.box)
      let inner = tile.relative(to: reach.lower)
      let local = try field?.field(over: reach)
      let mapped = transform.mapped(reach, local: local, to: moving)
      result.inside += insideCount(mapped, of: inner)
      let ratios = jacobianDeterminant(ofPositions: mapped.positions).cropped(to: inner).mapVoxels { $0 / scale }
      var (lowest, highest) = (Float.infinity, -Float.infinity)
      for ratio in ratios.elements {
        lowest = min(lowest, ratio)
        highest = max(highest, ratio)
        if !(ratio > 0) { result.folded += 1 }
      }
      result.minimum = min(result.minimum, Double(lowest))
      result.maximum = max(result.maximum, Double(highest))
      guard !(lowest > threshold) else { continue }
      let own = local.map { jacobianDeterminant(of: $0.dense(over: reach)).cropped(to: inner) }
      for (offset, voxel) in tile.indices.enumerated() where !(ratios.elements[offset] > threshold) {
        let squeezed = own.map { $0.elements[offset] } ?? 1
        if !(ratios.elements[offset] > 0), squeezed > 0 { result.coarseFolded += 1 }
        if !(squeezed > 0.5) { faults.append(voxel) }
      }
    }
    result.isSuspect = !faults.isEmpty
    return (result, faults)
  }

  /// How many voxels of a part of a mapped box lie inside the moving image.
  private func insideCount(_ mapped: MappedBox, of part: Box) -> Int {
    let positions = mapped.positions.cropped(to: part)
    return positions.z.elements.indices.count { i in
      (0..<3).allSatisfy { axis in
        let position = Double(positions[axis].elements[i]) + Double(mapped.base[axis])
        return position >= -0.5 && position <= Double(movingExtent[axis]) - 0.5
      }
    }
  }

  /// The determinant of the affine part, in moving voxels a fixed voxel.
  private var scale: Float {
    let linear = AffineTransform.voxelMap(from: transform.fixedSpace, through: transform.affine, to: moving)
    // 2D as one plane has no change along z.
    return Float(linear.determinant / (extent[0] == 1 ? linear.matrix[0][0] : 1))
  }
}
