// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Grids
public import Transforms
public import Volumes

/// Warps two images onto each other by ITK's symmetric diffeomorphic registration (SyN; Avants et al., 2008), true 2D or 3D.
///
/// Intensities are clipped to their 0.1 and 99.9 percentiles and scaled to 0…1; voxels that are no numbers are masked out. One thread: the
/// same bytes everywhere. Slow: with `lncc` about 8 µs a voxel and iteration; memory about 200 bytes a fixed voxel.
///
/// - Parameters:
///   - initial: the affine start, fixed world points to moving ones, applied after the warp.
/// - Throws: `RegistrationError` where the ranks differ, an image is constant, an option is out of range, or ITK fails.
public func registerSyN(
  fixed: Volume, moving: Volume, fixedMask: Mask? = nil, movingMask: Mask? = nil, initial: AffineTransform,
  options: SyNOptions = SyNOptions()
) throws -> SyNResult {
  try requireEqualRanks(fixed, moving, initial: initial)
  try validate(options)
  if let flat = try FlatPair(fixed: fixed, moving: moving, fixedMask: fixedMask, movingMask: movingMask) {
    var result = try registerSyN(
      fixed: flat.fixed, moving: flat.moving, fixedMask: flat.fixedMask, movingMask: flat.movingMask, initial: initial.lowered(to: 2),
      options: options)
    result.forward.space = fixed.space
    result.inverse.space = fixed.space
    return result
  }
  var fixedImage = try PreparedImage(fixed, mask: fixedMask, role: "fixed")
  var movingImage = try PreparedImage(moving, mask: movingMask, role: "moving")
  let rank = fixedImage.rank
  let count = fixedImage.extent.count

  // Single precision inside ITK: both images are moved to the world's origin first, which displacements do not see.
  let fixedShift = fixedImage.space.world(of: fixedImage.extent.lengths.map { (Double($0) - 1) / 2 })
  let movingShift = initial.threeAxisForm(fixedShift)
  let space = fixed.space.liftedToThreeAxes()
  fixedImage.space.origin = zip(fixedImage.space.origin, fixedShift).map(-)
  movingImage.space.origin = zip(movingImage.space.origin, movingShift).map(-)
  let centred = AffineTransform(matrix: initial.matrix, offset: [Double](repeating: 0, count: rank))

  var forward = [Float](repeating: 0, count: rank * count)
  var inverse = forward
  let result = run(fixedImage, movingImage, initial: centred, options: options, forward: &forward, inverse: &inverse)
  try result.status.check("SyN registration")
  func field(_ values: [Float]) -> DisplacementField {
    let planes = (0..<rank).map { axis in
      VoxelBuffer(extent: fixedImage.extent, elements: Array(values[axis * count..<(axis + 1) * count]))
    }
    let zero = rank == 2 ? [VoxelBuffer<Float>(extent: fixedImage.extent)] : []
    let components = zero + planes
    return DisplacementField(vectors: VectorField(z: components[0], y: components[1], x: components[2]), space: space)
  }
  let reports = result.levelArray.prefix(options.levels.count)
  let levels = zip(options.levels, reports).map { level, report in
    SyNResult.Level(
      shrink: level.shrink, iterations: report.iterations, metricValue: report.metricValue,
      hasConverged: report.iterations > 0 && report.convergenceValue < options.convergenceThreshold)
  }
  return SyNResult(forward: field(forward), inverse: field(inverse), levels: levels)
}

private func run(
  _ fixed: PreparedImage, _ moving: PreparedImage, initial: AffineTransform, options: SyNOptions, forward: inout [Float],
  inverse: inout [Float]
) -> CITKSyNResult {
  var forwardSpan = forward.mutableSpan
  var inverseSpan = inverse.mutableSpan
  return citk_syn_register(
    fixed.citkLattice, fixed.values.span, fixed.mask.span, moving.citkLattice, moving.values.span, moving.mask.span,
    CITKAffineMap(initial), citkOptions(options, for: fixed), &forwardSpan, &inverseSpan)
}

private func validate(_ options: SyNOptions) throws {
  guard !options.levels.isEmpty, options.levels.count <= Int(CITK_SYN_LEVEL_CAPACITY) else {
    throw RegistrationError(.invalidOption, "SyN takes 1 to \(CITK_SYN_LEVEL_CAPACITY) levels, not \(options.levels.count)")
  }
  guard options.levels.last?.shrink == 1, options.levels.allSatisfy({ $0.shrink >= 1 && $0.smoothing >= 0 && $0.iterations >= 0 }) else {
    throw RegistrationError(
      .invalidOption, "SyN's levels have shrink factors of 1 or more, the last of them 1, and neither smoothing nor iterations below 0")
  }
  guard options.radius >= 1, options.step > 0, options.updateVariance >= 0, options.totalVariance >= 0, options.convergenceWindow > 1
  else {
    throw RegistrationError(.invalidOption, "SyN needs a radius of 1 or more, a step above 0, variances of 0 or more, a window above 1")
  }
}

/// Each axis shrinks by the factor that comes nearest to the level's spacing and leaves 8 voxels where there are more.
private func citkOptions(_ options: SyNOptions, for fixed: PreparedImage) -> CITKSyNOptions {
  let kept = 3 - fixed.rank
  let spacing = Array(fixed.space.spacing[kept...])
  let lengths = Array(fixed.extent.lengths[kept...])
  let finest = spacing.min()!
  var result = CITKSyNOptions()
  result.metric = options.metric.citk
  result.radius = options.radius
  result.step = options.step
  result.updateVariance = options.updateVariance
  result.totalVariance = options.totalVariance
  result.convergenceThreshold = options.convergenceThreshold
  result.convergenceWindow = options.convergenceWindow
  result.levelCount = options.levels.count
  let levels = options.levels.map { level in
    let factors =
      (0..<fixed.rank).map { axis in
        max(1, min(Int((level.shrink * finest / spacing[axis]).rounded()), lengths[axis] / 8))
      } + [1]
    return CITKSyNLevelOptions(
      iterations: level.iterations, shrinkFactors: (factors[0], factors[1], factors[2]), smoothing: level.smoothing * finest)
  }
  let padded = levels + [CITKSyNLevelOptions](repeating: CITKSyNLevelOptions(), count: Int(CITK_SYN_LEVEL_CAPACITY) - levels.count)
  result.levels = (padded[0], padded[1], padded[2], padded[3], padded[4], padded[5], padded[6], padded[7])
  return result
}

extension CITKSyNResult {
  fileprivate var levelArray: [CITKSyNLevel] {
    [levels.0, levels.1, levels.2, levels.3, levels.4, levels.5, levels.6, levels.7]
  }
}
