// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
internal import Grids
public import Pyramids
internal import Synchronization
internal import Transforms
public import Volumes

/// How transforms are applied.
public struct ApplyOptions: Sendable {
  /// The space that things are brought into.
  public enum Target: String, Sendable, CaseIterable {
    /// What lies in moving space comes into fixed space: images and labels by T, points by T⁻¹.
    case fixed
    /// What lies in fixed space comes into moving space: points by T, exactly; images and labels by T⁻¹.
    case moving
  }

  /// The space that things are brought into.
  public var target = Target.fixed
  /// How voxels are interpolated; `nil` is linear for images and nearest for labels.
  public var interpolation: OutputInterpolation?
  /// Whether the image holds labels, which are never blended; `nil` decides by the interpolation and the file's own word.
  public var isLabels = false
  /// Whether points are in voxels of their image rather than physical.
  public var voxels = false
  /// The format of an image that is written; `nil` goes by the output's name.
  public var format: OutputFormat?
  /// The OME-NGFF version written; `nil` takes that of the input, and 0.5 for other formats.
  public var omeVersion: OMEVersion?
  /// How many threads compute; `nil` takes all that this process may use.
  public var threads: Int?
  /// Whether an output that exists is replaced.
  public var overwrite = false

  /// The defaults.
  public init() {}
}

/// Applies the transforms of a finished registration to images, labels and points.
public struct TransformApplication: Sendable {
  /// The transforms.
  public let transforms: TransformFolder
  /// What was asked for.
  public let options: ApplyOptions
  /// Told how the run goes on.
  public let progress: any ProgressReporter
  /// Where the transforms lie.
  private let folder: String

  /// An application of the transforms in `folder`, the output of a registration.
  ///
  /// - Throws: `PipelineError` where there are none.
  public init(transforms folder: String, options: ApplyOptions = ApplyOptions(), progress: any ProgressReporter = SilentProgress()) throws {
    transforms = try TransformFolder.open(folder)
    self.folder = folder
    self.options = options
    self.progress = progress
  }

  /// What an applied image has to say for itself.
  public struct ImageResult: Sendable {
    /// The largest distance left by the inversion, in fixed voxels; zero towards fixed space, where none is inverted.
    public var largestInverseResidual: Double
    /// What to tell where the image lies wholly outside the result, which then is empty: both extents, physical.
    public var warning: String?
  }

  /// Resamples an image or labels onto the fixed lattice (or the moving one) and writes it to `output`.
  ///
  /// - Throws: `PipelineError` where the ranks do not fit, the output exists or lies inside the input; errors of reading and writing.
  public func apply(to image: StoredImage, output: String) async throws -> ImageResult {
    let target = URL(fileURLWithPath: output)
    try OutputFolder.refuse(target, inside: image.path)
    for needed in [image.path, folder] { try OutputFolder.refuse(target, holding: needed) }
    if FileManager.default.isFolder(atPath: output) == true, !OMEImage.isZarr(output) {
      throw PipelineError(
        "--output \(output) is a folder that holds no image", hint: "name the image itself, as \(output)/applied.ome.zarr")
    }
    if FileManager.default.fileExists(atPath: output), !options.overwrite {
      throw PipelineError("--output \(output) exists", hint: "choose another name, or give --overwrite")
    }
    let volumes = try image.volumes(channel: 0)
    guard volumes.finest.rank == transforms.rank else {
      throw PipelineError(
        "\(image.path) is \(volumes.finest.rank)D, and the transforms are \(transforms.rank)D",
        hint: "bring along images of the rank of the pair that was registered; --axes names the axes where a file lacks them")
    }
    let format = try options.format ?? Self.format(ofName: output)
    let interpolation = options.interpolation ?? (options.isLabels ? .nearest : .linear)
    let isLabels = options.isLabels || (interpolation == .nearest && image.voxelType.isInteger)
    guard !options.isLabels || image.voxelType.isInteger else {
      throw PipelineError(
        "\(image.path) has voxels of \(image.voxelType.rawValue), and labels are whole numbers", hint: "leave --labels out")
    }
    let unit = transforms.transform.fixedSpace.unit
    let finest = volumes.finest.placed(in: volumes.finest.space.converted(to: unit)).liftedToThreeAxes()
    let residual = Mutex<Float>(0)
    let region = Mutex(SampledRegion(of: finest))
    let transform = transforms.transform
    let towardsFixed = options.target == .fixed
    let resampler = ImageResampler(
      image: image, extent: towardsFixed ? transforms.fixedExtent : transforms.movingExtent,
      space: towardsFixed ? transform.fixedSpace : transforms.movingSpace, rank: transforms.rank, interpolation: interpolation,
      factors: isLabels || !towardsFixed ? [1, 1, 1] : ChunkedRegistration.antialiasingFactors(finest, for: transform), isLabels: isLabels,
      threads: ThreadCount.resolved(options.threads), progress: progress
    ) { [self] box, lattice in
      if towardsFixed {
        let mapped = transform.mapped(box, local: try transforms.local(over: box), to: lattice)
        region.withLock { $0.add(mapped, in: lattice) }
        return mapped
      }
      let (mapped, left) = try transform.inverseMapped(box, in: transforms.movingSpace, fixedExtent: transforms.fixedExtent) {
        try transforms.local(over: $0)
      }
      residual.withLock { $0 = max($0, left) }
      let moved = mapped.moved(from: transform.fixedSpace, to: lattice)
      region.withLock { $0.add(moved, in: lattice) }
      return moved
    }
    let version = options.omeVersion ?? OMEVersion(ofFormat: image.format)
    try await resampler.write(to: output, format: format, version: version)
    return ImageResult(
      largestInverseResidual: Double(residual.withLock { $0 }),
      warning: region.withLock { $0.warning(image.path, rank: transforms.rank) })
  }

  private static func format(ofName name: String) throws -> OutputFormat {
    let lower = name.lowercased()
    if lower.hasSuffix(".tif") || lower.hasSuffix(".tiff") { return .tiff }
    if lower.hasSuffix(".nii") || lower.hasSuffix(".nii.gz") { return .nifti }
    if lower.hasSuffix(".nrrd") { return .nrrd }
    if let ending = [".png", ".jpg", ".jpeg", ".mha", ".mhd", ".bmp", ".h5", ".csv", ".txt", ".gz"].first(where: lower.hasSuffix) {
      throw PipelineError(
        "--output \(name): images are not written as \(ending)", hint: "end it in .ome.zarr, .tif, .nii.gz or .nrrd, or give --format")
    }
    return .zarr
  }
}

extension MappedBox {
  /// The same positions in another lattice.
  func moved(from: PhysicalSpace, to: PhysicalSpace) -> MappedBox {
    let map = AffineTransform.voxelMap(from: from, through: .identity(rank: 3), to: to)
    if map == .identity(rank: 3) { return self }
    let start = map(base.map(Double.init))
    let newBase = start.map { Int(min(max($0, -1e9), 1e9).rounded()) }
    let rows = map.matrix.map { SIMD3($0[0], $0[1], $0[2]) }
    let offset = SIMD3(start[0] - Double(newBase[0]), start[1] - Double(newBase[1]), start[2] - Double(newBase[2]))
    var result = self
    result.base = newBase
    for i in 0..<positions.z.count {
      let old = SIMD3(Double(positions.z.elements[i]), Double(positions.y.elements[i]), Double(positions.x.elements[i]))
      result.positions.z.elements[i] = Float((rows[0] * old).sum() + offset[0])
      result.positions.y.elements[i] = Float((rows[1] * old).sum() + offset[1])
      result.positions.x.elements[i] = Float((rows[2] * old).sum() + offset[2])
    }
    return result
  }
}
