// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

/// What a pair must have before its registration makes sense; every error names the file.
enum PairChecks {
  /// Spacings of one pair that differ by more than this are a mistake of units.
  private static let largestRatio = 1e6
  /// A mask that leaves fewer voxels of the coarse image leaves nothing to align.
  private static let leastVoxels = 64

  /// - Throws: `PipelineError` where the two images are of sizes that cannot belong together.
  static func requireComparableSpacing(_ fixed: LazyVolume, _ moving: LazyVolume) throws(PipelineError) {
    func steps(_ volume: LazyVolume) -> [Double] { zip(volume.space.spacing, volume.extent.lengths).filter { $1 > 1 }.map(\.0) }
    let all = steps(fixed) + steps(moving)
    guard let least = all.min(), let most = all.max(), most / least > largestRatio else { return }
    throw PipelineError(
      "the spacings of \(fixed.name), \(fixed.space.spacing), and of \(moving.name), \(moving.space.spacing), do not belong together",
      hint: "check the units; --fixed-spacing and --moving-spacing correct them")
  }

  /// - Throws: `PipelineError` where an image holds no number, or the same one everywhere.
  static func requireContrast(_ image: Volume, path: String, side: String) throws(PipelineError) {
    var bounds: (least: Float, most: Float)?
    for value in image.voxels.elements where value.isFinite {
      bounds = bounds.map { (min($0.least, value), max($0.most, value)) } ?? (value, value)
    }
    guard let bounds else {
      throw PipelineError(
        "the \(side) image \(path) holds no number: every voxel is NaN or infinite", hint: "check the path and the channel")
    }
    guard bounds.most > bounds.least else {
      throw PipelineError(
        "the \(side) image \(path) is constant: every voxel is \(bounds.least)",
        hint: "check the path, the channel and the level; nothing can be aligned without contrast")
    }
  }

  /// - Throws: `PipelineError` where a mask leaves too few voxels of an image on its lattice, or no contrast.
  static func requireContrast(_ image: Volume, inside mask: Mask, paths: (image: String, mask: String)) throws(PipelineError) {
    let values = zip(image.voxels.elements, mask.voxels.elements).filter { $1 != 0 && $0.isFinite }.map(\.0)
    guard values.count >= leastVoxels else {
      throw PipelineError(
        "the mask \(paths.mask) leaves \(values.count) voxels of the coarse image of \(paths.image), too few to register",
        hint: "mask less: \(leastVoxels) voxels of the coarse image are needed (--downsample makes them smaller)")
    }
    guard values.contains(where: { $0 != values[0] }) else {
      throw PipelineError(
        "\(paths.image) is constant inside the mask \(paths.mask): every voxel is \(values[0])",
        hint: "check that mask and image belong together; nothing can be aligned without contrast")
    }
  }

  /// - Throws: `PipelineError` where no fixed voxel goes to a place inside the moving image.
  static func requireOverlap(
    _ fixed: Volume, _ moving: Volume, under transform: ComposedTransform, start: String, paths: (fixed: String, moving: String)
  ) throws(PipelineError) {
    guard transform.affine.offset.allSatisfy({ abs($0) < 1e15 }), abs(transform.affine.determinant) > 1e-12,
      transform.affine.matrix.allSatisfy({ $0.allSatisfy { abs($0) < 1e6 } })
    else {
      throw PipelineError(
        "the start (\(start)) cannot be undone: its matrix is \(transform.affine.matrix), its offset \(transform.affine.offset)",
        hint: "give another --initial-transform, or leave it out so that a start is searched")
    }
    var onCoarse = transform
    onCoarse.fixedSpace = fixed.space
    var mapped = onCoarse.mapped(fixed.voxels.extent.box, local: nil, to: moving.space)
    mapped.rebase(to: [0, 0, 0])
    let meets = resampled(moving.voxels, at: mapped.positions, interpolation: .nearest).valid.elements.contains { $0 != 0 }
    guard !meets else { return }
    throw PipelineError(
      "\(paths.fixed) and \(paths.moving) do not overlap under the start (\(start)): it sends the fixed image's first voxel, at "
        + "\(fixed.space.origin), to \(transform.affine(fixed.space.origin)), and the moving image begins at \(moving.space.origin) (z, y, x)",
      hint: "let a start be searched (--stages with affine, no --initial-transform), or correct origins, spacings and units")
  }
}
