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
  /// The least determinant that is left alone.
  var threshold: Float = 0.05

  /// An inspector of a map.
  package init(transform: ComposedTransform, field: LocalField?, extent: Extent, moving: PhysicalSpace) {
    self.transform = transform
    self.field = field
    self.extent = extent
    self.moving = moving
  }

  /// The map over some voxels, tile by tile, and those of them where the local field is to be smoothed: where the determinant is at most the
  /// threshold, and `u` at least halves what the coarse map has there. Where the coarse map itself folds, `u` cannot mend it.
  package func check(_ voxels: Box) throws -> (check: MapCheck, faults: [[Int]]) {
    var result = MapCheck()
    var faults: [[Int]] = []
    for tile in voxels.tiles(of: [64, 128, 128]) {
      try Task.checkCancellation()
      let ratios = try determinants(tile, field)
      var lowest = Float.infinity
      for ratio in ratios.elements {
        lowest = min(lowest, ratio)
        if !(ratio > 0) { result.folded += 1 }
      }
      result.minimum = min(result.minimum, Double(lowest))
      guard !(lowest > threshold) else { continue }
      let coarse = field == nil ? ratios : try determinants(tile, nil)
      var offset = 0
      for voxel in tile.indices {
        let bound = min(threshold, coarse.elements[offset] / 2)
        if !(ratios.elements[offset] > 0), !(coarse.elements[offset] > 0) { result.coarseFolded += 1 }
        if field != nil, coarse.elements[offset] > 0, !(ratios.elements[offset] > bound) { faults.append(voxel) }
        offset += 1
      }
    }
    result.isSuspect = !faults.isEmpty
    return (result, faults)
  }

  /// One voxel around the box is mapped too, so that differences are central everywhere.
  private func determinants(_ box: Box, _ field: LocalField?) throws -> VoxelBuffer<Float> {
    let reach = box.expanded(by: [1, 1, 1]).intersection(extent.box)
    let mapped = transform.mapped(reach, local: try field?.field(over: reach), to: moving)
    let linear = AffineTransform.voxelMap(from: transform.fixedSpace, through: transform.affine, to: moving)
    // 2D as one plane has no change along z.
    let scale = Float(linear.determinant / (extent[0] == 1 ? linear.matrix[0][0] : 1))
    return mapped.jacobianDeterminants(over: reach).cropped(to: box.relative(to: reach.lower)).mapVoxels { $0 / scale }
  }
}
