// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Grids
public import Pyramids
public import Registration

/// What a registration is asked to do; every field has the default of the command line.
public struct RegistrationOptions: Sendable, Codable {
  /// Sets block size, overlap and downsampling; `auto` goes by the bytes of the larger input.
  public var preset = Preset.auto
  /// Voxels of a block's core, one number for all axes or one an axis (`z, y, x`); `nil` takes the preset's.
  public var blockExtent: [Int]?
  /// Overlap of blocks per side; `nil` takes the preset's.
  public var overlap: Overlap?
  /// The coarse spacing as a multiple of the fixed image's finest spacing; `nil` takes the preset's.
  public var downsample: Int?
  /// The levels of blocks between the coarse stage and full resolution, as multiples of the fixed image's finest spacing; 1, which is always
  /// the last, may be left out. `nil` takes those that suit the coarse stage.
  public var levels: [Int]?
  /// Which stages run.
  public var stages: Set<RegistrationStage> {
    get { Set(stageList) }
    set { stageList = RegistrationStage.allCases.filter(newValue.contains) }
  }
  /// In their order, so that the same options are always encoded as the same bytes.
  private var stageList = RegistrationStage.allCases
  /// Which engine finds the affine map and the coarse warp.
  public var engine = RegistrationEngine.weft
  /// How much work each stage does.
  public var accuracy = Accuracy.normal
  /// The similarity that is maximised; `auto` picks by the images.
  public var metric = RegistrationMetric.auto
  /// A file with the starting transform: an ITK/ANTs affine, or a CSV of landmark pairs.
  public var initialTransform: String?
  /// Voxels of the fixed image to register and write, a half-open range an axis; `nil` takes all.
  public var region: [Range<Int>]?
  /// The fixed channel that is registered; `nil` is luminance of a colour image, else the first.
  public var fixedChannel: Int?
  /// The moving channel that is registered; `nil` is luminance of a colour image, else the first. All channels are written.
  public var movingChannel: Int?
  /// A mask image of the fixed volume, at any resolution, or `auto`.
  public var fixedMask: String?
  /// A mask image of the moving volume, at any resolution, or `auto`.
  public var movingMask: String?
  /// The most memory the run may take; `nil` is 80 % of what the machine or the control group has.
  public var memory: MemoryBudget?
  /// How many threads compute; `nil` takes all that this process may use.
  public var threads: Int?
  /// The Gaussian's width in the blend, as a fraction of the halo.
  public var blendSigma = 0.5
  /// Voxels between the control points of the local field, along each axis; `nil` takes the preset's.
  public var fieldStride: Int?
  /// How moving voxels are interpolated.
  public var interpolation = OutputInterpolation.linear
  /// The format of the registered image.
  public var format = OutputFormat.zarr
  /// The OME-NGFF version written; `nil` takes that of the fixed image, and 0.5 for other formats.
  public var omeVersion: OMEVersion?
  /// How often a task that fails is tried again.
  public var retries = 2
  /// Where tasks are run.
  public var executor = ExecutorOptions()
  /// Where the verdict on a block changes.
  public var thresholds = VerdictThresholds()
  /// Whether a block that keeps failing ends the run; else it displaces nothing, and has its row.
  public var isStrict = false
  /// Whether `.weft/` with everything that was made on the way is kept.
  public var keepWork = false
  /// Whether the blocks' own fields go in the end; blocks can then not be refined.
  public var dropsBlocks = false
  /// Whether an output that exists is replaced.
  public var overwrite = false

  /// The defaults.
  public init() {}

  /// The defaults with a preset chosen.
  public static func preset(_ preset: Preset) -> RegistrationOptions {
    var options = RegistrationOptions()
    options.preset = preset
    return options
  }
}

/// The stages of a registration.
public enum RegistrationStage: String, Sendable, CaseIterable, Codable {
  /// A start and an affine map for the whole volume.
  case affine
  /// A coarse deformable warp for the whole volume.
  case warp
  /// A fine deformable warp for each block.
  case fine
}

/// The engines for the affine map and the coarse warp.
public enum RegistrationEngine: String, Sendable, CaseIterable, Codable {
  /// Weft's own.
  case weft
  /// ITK's `SyNImageRegistrationMethod`, the reference.
  case itk
}

/// How the voxels of a result are interpolated.
public enum OutputInterpolation: String, Sendable, CaseIterable, Codable {
  case linear, nearest, cubic
  /// For labels: the one with the most weight among the eight neighbours, of equal ones the smallest.
  case labelVote = "label-vote"
}

/// The formats of a registered image.
public enum OutputFormat: String, Sendable, CaseIterable, Codable {
  case zarr, tiff, nifti, nrrd

  /// What the file name ends with.
  public var fileExtension: String {
    switch self {
    case .zarr: "ome.zarr"
    case .tiff: "tif"
    case .nifti: "nii.gz"
    case .nrrd: "nrrd"
    }
  }
}
