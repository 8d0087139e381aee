// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
public import Grids
internal import Registration
public import Volumes

/// The registration of two images that need not fit in memory: coarse for the whole volume, fine block by block, blended, resampled once.
///
///     let registration = try ChunkedRegistration(fixed: .open("fixed.ome.zarr"), moving: .open("moving.ome.zarr"))
///     let result = try await registration.run(into: "out")
///
/// Or step by step: `registerCoarse()`, `registerBlocks(_:)`, `resample(_:_:into:)`.
public struct ChunkedRegistration: Sendable {
  /// The image that stays; the result lies on its lattice.
  public let fixed: StoredImage
  /// The image that is brought onto the fixed one.
  public let moving: StoredImage
  /// What was asked for.
  public let options: RegistrationOptions
  /// What will be done.
  public let plan: RegistrationPlan

  /// Told how the run goes on.
  public let progress: any ProgressReporter

  /// Where the Jacobian determinant of the whole map, relative to its affine part, is no greater, the local field is smoothed.
  package var leastDeterminant: Float = 0.05

  /// 2 or 3, as both images have it.
  let rank: Int
  /// The fixed channel that is registered, on three axes, all of it.
  let fixedPyramid: VolumePyramid
  /// The part of the finest fixed level that is registered and written.
  let fixedRegion: LazyVolume
  /// The moving channel that is registered, on three axes, in the fixed image's unit.
  let movingPyramid: VolumePyramid

  /// Opens nothing more, reads no voxel: checks that the pair fits together and makes the plan.
  ///
  /// - Throws: `VolumeError` or `PipelineError` where the pair or the options do not fit: rank 2 with 3, a channel or a region out of range,
  ///   too little memory.
  public init(
    fixed: StoredImage, moving: StoredImage, options: RegistrationOptions = RegistrationOptions(),
    progress: any ProgressReporter = SilentProgress()
  ) throws {
    try self.init(fixed: fixed, moving: moving, options: options, progress: progress, frozen: nil)
  }

  /// The same, with the numbers of a run that is resumed.
  ///
  /// - Parameter isCoarseDone: whether masks and what the run started from are not read any more: the coarse result is kept.
  init(
    fixed: StoredImage, moving: StoredImage, options: RegistrationOptions, progress: any ProgressReporter, frozen: FrozenPlan?,
    isCoarseDone: Bool = false
  ) throws {
    self.fixed = fixed
    self.moving = moving
    self.options = options.withAbsolutePaths
    self.progress = progress
    let fixedLevels = try fixed.volumes(channel: options.fixedChannel).levels
    let movingLevels = try moving.volumes(channel: options.movingChannel).levels
    rank = fixedLevels[0].rank
    guard movingLevels[0].rank == rank else {
      throw PipelineError(
        "\(fixed.path) is \(rank)D (\(fixedLevels[0].extent)) and \(moving.path) is \(movingLevels[0].rank)D (\(movingLevels[0].extent))",
        hint: "register images of one rank; --axes names the axes where a file lacks them")
    }
    for volume in [fixedLevels[0], movingLevels[0]]
    where volume.extent.lengths.contains(where: { $0 < 8 }) && volume.rank == 2 || volume.extent.count < 64 {
      throw PipelineError(
        "\(volume.name) has \(volume.extent) voxels, too few to register", hint: "a 2D image needs 8 along each axis, a 3D image 64 in all")
    }
    let unit = fixedLevels[0].space.unit
    fixedPyramid = VolumePyramid(levels: fixedLevels.map { $0.liftedToThreeAxes() })
    movingPyramid = VolumePyramid(levels: movingLevels.map { $0.placed(in: $0.space.converted(to: unit)).liftedToThreeAxes() })
    try PairChecks.requireComparableSpacing(fixedPyramid.finest, movingPyramid.finest)
    fixedRegion = try fixedPyramid.finest.cropped(to: Self.regionBox(options.region, of: fixedLevels[0]))
    try Self.check(options)
    plan = try .make(
      fixed: fixedRegion, whole: fixedPyramid.finest, moving: movingPyramid.finest, movingChannels: moving.channelCount * moving.timeCount,
      rank: rank, options: options, frozen: frozen)
    if !isCoarseDone { try requireOtherInputs() }
  }

  /// The blocks of the fine stage, on three axes (2D as one plane).
  public var grid: BlockGrid { plan.grid }

  /// - Throws: `PipelineError` where a mask or what the registration starts from is not there, or does not fit.
  private func requireOtherInputs() throws {
    for (name, path) in [
      ("fixed-mask", options.fixedMask), ("moving-mask", options.movingMask), ("initial-transform", options.initialTransform),
    ] {
      guard let path, path != "auto" || name == "initial-transform" else { continue }
      guard FileManager.default.fileExists(atPath: path) else {
        throw PipelineError("--\(name) \(path) does not exist", hint: "check the path")
      }
    }
    for case (let mask?, let image) in [(options.fixedMask, fixedPyramid.finest), (options.movingMask, movingPyramid.finest)]
    where mask != "auto" { _ = try MaskFile.open(mask, of: image, rank: rank) }
  }

  private static func check(_ options: RegistrationOptions) throws {
    guard options.blendSigma > 0, options.blendSigma.isFinite else {
      throw PipelineError("--blend-sigma \(options.blendSigma) is not above 0", hint: "give a fraction of the overlap, as 0.5")
    }
    if let stride = options.fieldStride, !(1...16).contains(stride) {
      throw PipelineError("--field-stride \(stride) is not from 1 to 16", hint: "give a whole number from 1 to 16, as 4")
    }
    if let scale = options.levels?.first(where: { $0 < 1 }) {
      throw PipelineError("--levels names the scale \(scale)", hint: "give whole numbers above 0, coarsest first, as 8,2,1")
    }
    if let levels = options.levels, levels.last != 1 || zip(levels, levels.dropFirst()).contains(where: { $0 <= $1 }) {
      throw PipelineError(
        "--levels \(levels.map(String.init).joined(separator: ",")) do not go from coarse to full resolution",
        hint: "name each scale once, coarsest first, and end with 1, as 8,2,1")
    }
    if let downsample = options.downsample, downsample < 1 {
      throw PipelineError("--downsample \(downsample) is below 1", hint: "give a whole number, as 4")
    }
    if options.interpolation == .labelVote {
      throw PipelineError(
        "--interpolation label-vote is for labels, and the moving image holds intensities",
        hint: "choose linear, nearest or cubic; bring labels along by `weft apply` afterwards")
    }
    guard !options.stages.isEmpty else { throw PipelineError("--stages names no stage", hint: "choose among affine, warp and fine") }
  }

  private static func regionBox(_ region: [Range<Int>]?, of volume: LazyVolume) throws -> Box {
    let whole = volume.extent
    guard let region else { return Extent((whole.rank == 2 ? [1] : []) + whole.lengths).box }
    let box = Box(lower: region.map(\.lowerBound), upper: region.map(\.upperBound))
    guard box.rank == whole.rank, !box.isEmpty, whole.box.contains(box) else {
      throw PipelineError(
        "--region \(region.map { "\($0.lowerBound):\($0.upperBound)" }.joined(separator: ",")) does not lie inside \(volume.name), which has \(whole) voxels",
        hint: "give a range an axis, as 0:64,0:256,0:256")
    }
    return rank3(box)
  }

  private static func rank3(_ box: Box) -> Box {
    box.rank == 3 ? box : Box(lower: [0] + box.lower, upper: [1] + box.upper)
  }
}
