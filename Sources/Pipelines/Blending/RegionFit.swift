// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// Finds the control points of a region from samples of a field, as if the whole field had been fitted at once.
///
/// Samples lie every half control interval, at voxels that all regions share, and at every voxel where the volume ends; a margin is fitted
/// with the region and dropped: what lies beyond it acts on the region's control points by less than a hundredth of what the spline cannot
/// follow there.
struct RegionFit {
  let lattice: SplineLattice
  let region: Box
  /// The voxels of the samples, along each axis.
  let places: [[Double]]
  private let voxels: Box

  /// Control points around a region that are fitted with it.
  private static let margin = 6

  init(lattice: SplineLattice, region: Box) {
    self.lattice = lattice
    self.region = region
    let voxels = Self.voxels(of: region, on: lattice)
    self.voxels = voxels
    places = (0..<3).map { axis in
      let stride = lattice.stride[axis]
      let step = max(1, stride / 2)
      return voxels[axis].filter { voxel in
        voxel % step == 0 || voxel < stride || voxel >= lattice.extent[axis] - stride
      }.map(Double.init)
    }
  }

  /// The voxels among which samples lie.
  static func voxels(of region: Box, on lattice: SplineLattice) -> Box {
    let reach = region.expanded(by: (0..<3).map { lattice.extent[$0] == 1 ? 0 : margin }).intersection(lattice.box)
    return lattice.voxels(touchedBy: reach)
  }

  /// The spline on the region that follows samples at `places`.
  func fitted(_ samples: VectorField) -> SplineField {
    let whole = SplineField.fitting(samples: samples, at: places, over: voxels, on: lattice)
    let inner = region.relative(to: whole.region.lower)
    func component(_ axis: Int) -> VoxelBuffer<Float> { whole.coefficients[axis].cropped(to: inner) }
    return SplineField(
      lattice: lattice, region: region, coefficients: VectorField(z: component(0), y: component(1), x: component(2)))
  }
}
