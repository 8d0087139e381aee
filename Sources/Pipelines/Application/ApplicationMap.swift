// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// Where in an image the voxels of a result come from.
package struct ApplicationMap: Sendable {
  let transforms: TransformFolder
  let target: ApplyOptions.Target
  let grid: OutputGrid

  /// - Parameter grid: the voxels of the result.
  package init(transforms: TransformFolder, target: ApplyOptions.Target, grid: OutputGrid) {
    (self.transforms, self.target, self.grid) = (transforms, target, grid)
  }

  /// Whether boxes are those of the fixed lattice, as a registration's own result has them.
  private var isOnFixedLattice: Bool {
    target == .fixed && grid.space == transforms.transform.fixedSpace && transforms.fixedExtent.box.contains(grid.extent.box)
  }

  /// The positions in `lattice` for a box of the result, and the largest distance that an inversion left, in fixed voxels.
  func mapped(_ box: Box, to lattice: PhysicalSpace) throws -> (mapped: MappedBox, residual: Float) {
    if box.count > 1, fieldPoints(about: box.extent) > MemoryModel.mostFieldPoints { return try inHalves(box, to: lattice) }
    let transform = transforms.transform
    switch target {
    case .fixed where isOnFixedLattice:
      return (transform.mapped(box, local: try transforms.local(over: box), to: lattice), 0)
    case .fixed:
      let part = transform.fixedPart(of: box, in: grid.space, extent: transforms.fixedExtent)
      return (transform.mapped(box, of: grid.space, local: try transforms.local(over: part), to: lattice), 0)
    case .moving:
      let (mapped, residual) = try transform.inverseMapped(box, in: grid.space, fixedExtent: transforms.fixedExtent) {
        try transforms.local(over: $0)
      }
      return (mapped.moved(from: transform.fixedSpace, to: lattice), residual)
    }
  }

  /// A box that meets more of the local field than is held at once: its voxels are far apart.
  private func inHalves(_ box: Box, to lattice: PhysicalSpace) throws -> (mapped: MappedBox, residual: Float) {
    let (low, high) = box.halves
    let parts = (try mapped(low, to: lattice), try mapped(high, to: lattice))
    var whole = MappedBox(positions: VectorField(zeros: box.extent), base: parts.0.mapped.base)
    for (half, part) in [(low, parts.0.mapped), (high, parts.1.mapped)] {
      var part = part
      part.rebase(to: whole.base)
      for axis in 0..<3 {
        whole.positions[axis].copy(from: part.positions[axis], box: half.extent.box, at: half.relative(to: box.lower).lower)
      }
    }
    return (whole, max(parts.0.residual, parts.1.residual))
  }

  /// Control points of the local field about a box of so many voxels, at the most, wherever it lies, as far as the affine map tells.
  private func fieldPoints(about box: Extent) -> Int {
    guard let field = transforms.field, !isOnFixedLattice else { return 0 }
    let transform = transforms.transform
    let reach =
      target == .fixed ? transform.fixedReach(of: box, in: grid.space) : transform.inverseReach(of: box, in: grid.space) ?? [0, 0, 0]
    return (0..<3).map { min(reach[$0], transforms.fixedExtent[$0]) / field.lattice.stride[$0] + 4 }.reduce(1, *)
  }

  /// What a box takes while it is mapped, in bytes, wherever it lies.
  package var bytesOfBox: Int {
    if isOnFixedLattice { return 0 }
    let box = MemoryModel.boxExtent(rank: transforms.rank, of: grid.extent)
    let points = min(fieldPoints(about: box), MemoryModel.mostFieldPoints) * MemoryModel.bytesPerInvertedPoint
    return points + box.count * (target == .fixed ? MemoryModel.bytesPerResampledVoxel : MemoryModel.bytesPerInvertedVoxel)
  }

  /// By how much an image is averaged along each axis before it is resampled, so that nothing aliases.
  func antialiasingFactors(_ image: LazyVolume) -> [Int] {
    var transform = transforms.transform
    transform.fixedSpace = grid.space
    if target == .moving, let back = transform.affine.inverse { transform.affine = back }
    return ChunkedRegistration.antialiasingFactors(image, for: transform)
  }
}

extension Box {
  /// The two halves along the longest axis.
  var halves: (Box, Box) {
    let axis = (0..<rank).max { extent[$0] < extent[$1] }!
    var (upper, lower) = (upper, lower)
    upper[axis] = self.lower[axis] + extent[axis] / 2
    lower[axis] = upper[axis]
    return (Box(lower: self.lower, upper: upper), Box(lower: lower, upper: self.upper))
  }
}
