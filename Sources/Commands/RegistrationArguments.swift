// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `register` and `plan register` are asked.
struct RegistrationArguments: TalkingArguments {
  var fixed = ""
  /// One image, or several rounds.
  var moving: [String] = []
  var folder: String?
  var options = RegistrationOptions()
  var axes: String?
  var fixedSpacing: [Double]?
  var movingSpacing: [Double]?
  var isDryRun = false
  var output = OutputArguments()

  /// Whether several images are registered to one.
  var areRounds: Bool { moving.count > 1 }

  /// Opens both images; no voxel is read.
  func registration(progress: any ProgressReporter = SilentProgress()) throws -> ChunkedRegistration {
    try ChunkedRegistration(
      fixed: .open(fixed, axes: axes, spacing: fixedSpacing), moving: .open(moving[0], axes: axes, spacing: movingSpacing),
      options: options,
      progress: progress)
  }

  /// Opens all images; no voxel is read.
  func rounds(progress: any ProgressReporter = SilentProgress()) throws -> RoundRegistration {
    try RoundRegistration(
      fixed: .open(fixed, axes: axes, spacing: fixedSpacing),
      moving: moving.map { try .open($0, axes: axes, spacing: movingSpacing) }, options: options, progress: progress)
  }
}

extension RegistrationArguments {
  static let positionals: [Positional<Self>] = [
    .value("FIXED", at: \.fixed, "The image that stays; the result lies on its voxels"),
    .repeated("MOVING", at: \.moving, "The image that is brought onto it; several are rounds, each brought onto FIXED by itself"),
  ]

  static let blocks = OptionGroup<Self>(
    "Blocks and levels",
    [
      .value(
        "--preset", at: \.options.preset, "NAME", "Block size, overlap and downsampling: auto, small, medium, large or huge",
        detail: "By bytes of the larger input: small below 2 GB, medium below 10 GB, large below 50 GB, huge above. The options below "
          + "override it."),
      .parsed(
        "--chunk-size", at: \.options.blockExtent, "N|Z,Y,X|auto", "Voxels of a block, without its overlap",
        detail: "A block is the unit of work of the fine stage. It is made smaller where it would not fit the memory.",
        expected: Values.lengthsExpected + ", or auto", fallback: "the preset's"
      ) { $0 == "auto" ? .some(nil) : Values.lengths($0).map(Optional.some) },
      .parsed(
        "--overlap", at: \.options.overlap, "FRACTION|VOXELSvx", "Overlap of blocks on each side",
        detail: "A fraction of the block (0.15), or voxels (38vx). The blocks' displacements are blended over it.",
        expected: "a fraction from 0 to below 1 as 0.15, or voxels as 38vx", fallback: "the preset's"
      ) { Overlap($0).map(Optional.some) },
      .parsed(
        "--downsample", at: \.options.downsample, "F", "Spacing of the coarse stage, as a multiple of the fixed image's finest",
        expected: "a whole number above 0", fallback: "the preset's"
      ) { Values.positive($0).map(Optional.some) },
      .parsed(
        "--field-stride", at: \.options.fieldStride, "N", "Voxels between the control points of the local field, along each axis, 1 to 16",
        detail: "2 holds all that is found, for 1.5 bytes a voxel on disk; 4 an eighth of that, enough for noisy images.",
        expected: "a whole number from 1 to 16", fallback: "2; from 10 GB on 4"
      ) { text in Values.positive(text).flatMap { $0 <= 16 ? .some($0) : nil } },
      .parsed(
        "--levels", at: \.options.levels, "LIST", "Scales of the block levels after the coarse stage, as 8,2,1",
        detail: "Multiples of the fixed image's finest spacing, coarsest first; each level begins where the one before ended. 1 alone goes "
          + "from the coarse stage to full resolution at once.",
        expected: "whole numbers above 0 joined by commas, as 8,2,1",
        fallback: "each about 4 times finer, where the coarse spacing is 8 or more"
      ) { Values.scales($0).map(Optional.some) },
      .value(
        "--blend-sigma", at: \.options.blendSigma, "FRACTION", "Width of the Gaussian that blends blocks, as a fraction of the overlap"),
    ])

  static let method = OptionGroup<Self>(
    "Method",
    [
      .parsed(
        "--stages", at: \.options.stages, "LIST", "Which stages run, joined by commas",
        detail:
          "affine: a start and an affine map of the whole volume. warp: a smooth deformation of the whole volume. fine: a deformation "
          + "of each block, blended into one.", expected: Values.stagesExpected, fallback: "affine,warp,fine", parse: Values.stages),
      .value(
        "--engine", at: \.options.engine, "NAME", "What finds the affine map and the coarse warp: weft or itk",
        detail: "itk is ITK's SyN, much slower, for comparison."),
      .value("--accuracy", at: \.options.accuracy, "NAME", "How much work each stage does: draft, normal or high"),
      .value(
        "--metric", at: \.options.metric, "NAME", "What is maximised: auto, lncc, mi or mse",
        detail: "lncc (local correlation) for images of one kind, mi (mutual information) for images of different kinds, mse (squared "
          + "differences) for images of one kind and brightness. auto takes lncc, unless mi tells more where intensities do not follow "
          + "each other everywhere."),
      .value(
        "--initial-transform", at: \.options.initialTransform, "FILE",
        "Start from an affine map (ITK, ANTs, elastix), landmark pairs (CSV) or the affine part of an earlier result",
        detail:
          "Landmarks have the columns fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x (2D: without z), physical, or are BigWarp's. "
          + "Bare matrices, as greedy and bigstream write them, are made a .mat by `weft transform convert` first.",
        fallback: "the best of several, by the metric", completion: .file),
    ])

  static let images = OptionGroup<Self>(
    "Images",
    [
      .parsed(
        "--region", at: \.options.region, "Z0:Z1,Y0:Y1,X0:X1", "Register and write only these voxels of FIXED, for a test",
        expected: Values.regionExpected, fallback: "all"
      ) { Values.region($0).map(Optional.some) },
      .parsed(
        "--fixed-channel", at: \.options.fixedChannel, "C", "Channel of FIXED that is registered, counted from 0",
        expected: "a whole number from 0", fallback: "luminance of a colour image, else 0"
      ) { Values.natural($0).map(Optional.some) },
      .parsed(
        "--moving-channel", at: \.options.movingChannel, "C", "Channel of MOVING that is registered; all are written",
        expected: "a whole number from 0", fallback: "luminance of a colour image, else 0"
      ) { Values.natural($0).map(Optional.some) },
      .value(
        "--fixed-mask", at: \.options.fixedMask, "FILE|auto", "Where to look in FIXED: an image that is not 0 there, or auto for tissue",
        fallback: "everywhere", completion: .file),
      .value(
        "--moving-mask", at: \.options.movingMask, "FILE|auto", "Where to look in MOVING",
        detail: "Without both masks, padding of one value around the smaller content of either image (a brain "
          + "beside a head) is masked where that tells more.", fallback: "everywhere", completion: .file),
      .parsed(
        "--fixed-spacing", at: \.fixedSpacing, "Z,Y,X", "Distance between voxels of FIXED, in place of the file's",
        expected: Values.spacingExpected, fallback: "the file's"
      ) { Values.spacing($0).map(Optional.some) },
      .parsed(
        "--moving-spacing", at: \.movingSpacing, "Z,Y,X", "Distance between voxels of MOVING, in place of the file's",
        expected: Values.spacingExpected, fallback: "the file's"
      ) { Values.spacing($0).map(Optional.some) },
      .value("--axes", at: \.axes, "NAMES", "Names of the axes where a file lacks them, as cyx", fallback: "the file's"),
    ])

  static let result = OptionGroup<Self>(
    "Result",
    [
      .value("--format", at: \.options.format, "NAME", "Format of the registered image: zarr, tiff, nifti or nrrd"),
      .value(
        "--ome-version", at: \.options.omeVersion, "VERSION", "OME-NGFF version of a zarr result", fallback: "that of FIXED, else 0.5"),
      .value("--interpolation", at: \.options.interpolation, "NAME", "How voxels are interpolated: linear, nearest or cubic"),
      .parsed(
        "--thresholds", at: \.options.thresholds, "NAME=VALUE,...", "Where the verdict on a block changes",
        detail:
          "A block is good if the registered image lies within `residual` voxels of the fixed one (1.2), as far as `evidence` per cent "
          + "of its tissue (75) can tell, its displacement within `disagreement` voxels of its neighbours' (2), and the map folds in no more "
          + "than `folding` per cent of it (0). A core of less than `tissue` per cent tissue (2) is background.",
        expected: Values.thresholdsExpected,
        fallback: "residual=1.2,evidence=75,disagreement=2,folding=0,tissue=2"
      ) { Values.thresholds($0) },
      .flag("--overwrite", at: \.options.overwrite, "Replace results that exist"),
      .flag(
        "--drop-blocks", at: \.options.dropsBlocks, "Do not keep each block's own field",
        detail:
          "They lie in blocks/ beside the transforms, so that `weft refine` can register single blocks again, and take about twice the disk "
          + "of the local field. Without them only the whole pair can be registered again."),
      .flag("--keep-work", at: \.options.keepWork, "Keep the work folder .weft with all that was made on the way"),
    ])

  static let machine = OptionGroup<Self>(
    "Machine",
    [
      .parsed(
        "--memory", at: \.options.memory, "SIZE", "The most memory the process may take, as 8GB or 500MB",
        detail: "Powers of 1000; 64GiB for powers of 1024. Blocks are made smaller, and fewer run at once, to keep within it.",
        expected: "a size as 8GB or 500MB", fallback: "80 % of what is free"
      ) { MemoryBudget($0).map(Optional.some) },
      .threads(\.options.threads),
      .parsed(
        "--retries", at: \.options.retries, "N", "How often a task that fails is tried again",
        detail: "A block that keeps failing displaces nothing, and has its row in blocks.csv; with --strict it ends the run.",
        expected: "a whole number from 0"
      ) { Values.natural($0) },
    ])

  static let inputs =
    "Images may be OME-Zarr (also one level of it, as a.ome.zarr/1), plain Zarr arrays, N5, TIFF (also sets of OME-TIFF, a folder of numbered planes, or a pattern as "
    + "'scan/ch1_z*.tif'), Imaris, HDF5 (a dataset as a.h5/raw), "
    + "NIfTI, NRRD, MHA, PNG or JPEG, 2D or 3D. OME-Zarr, Zarr, N5, TIFF, HDF5 and uncompressed NIfTI, NRRD and MHA "
    + "are read in parts; other files are loaded whole, or, compressed and large, unpacked into a temporary file. OME-Zarr, Zarr and N5 may lie in a zip archive (a.zip, a.zip/image.ome.zarr) or on the web (https://host/a.ome.zarr, s3://bucket/a.ome.zarr)."
}
