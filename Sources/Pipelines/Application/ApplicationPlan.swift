// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Pyramids
internal import Transforms
internal import Volumes

/// How an image is brought along: everything that is decided before a voxel is read.
struct ApplicationPlan {
  let application: TransformApplication
  let image: StoredImage
  /// The image that is written, and its name.
  let output: String
  let name: String
  let format: OutputFormat
  let interpolation: OutputInterpolation
  let isLabels: Bool
  /// The finest level of the image's first channel, in the unit of the transforms.
  let finest: LazyVolume
  /// How many boxes are resampled at once.
  let boxesAtOnce: Int

  /// - Throws: `PipelineError` where the ranks do not fit, labels are no whole numbers, the output's name tells no format, or the image
  ///   has to be loaded whole and does not fit the memory.
  init(_ application: TransformApplication, _ image: StoredImage, _ output: String) throws {
    let (options, transforms) = (application.options, application.transforms)
    let volumes = try image.volumes(channel: 0)
    guard volumes.finest.rank == transforms.rank else {
      throw PipelineError(
        "\(image.path) is \(volumes.finest.rank)D, and the transforms are \(transforms.rank)D",
        hint: "bring along images of the rank of the pair that was registered; --axes names the axes where a file lacks them")
    }
    guard !options.isLabels || image.voxelType.isInteger else {
      throw PipelineError(
        "\(image.path) has voxels of \(image.voxelType.rawValue), and labels are whole numbers", hint: "leave --labels out")
    }
    self.application = application
    self.image = image
    self.output = output
    name = URL(fileURLWithPath: output).standardizedFileURL.lastPathComponent
    format = try options.format ?? OutputFormat(ofName: name)
    interpolation = options.interpolation ?? (options.isLabels ? .nearest : .linear)
    isLabels = options.isLabels || (interpolation == .nearest && image.voxelType.isInteger)
    let unit = transforms.transform.fixedSpace.unit
    finest = volumes.finest.placed(in: volumes.finest.space.converted(to: unit)).liftedToThreeAxes()
    let memory = options.memory ?? .available()
    let resident = try MemoryModel.residentBytes(of: [finest], within: memory)
    let towardsFixed = options.target == .fixed
    let resampled = MemoryModel.box(
      rank: transforms.rank, of: towardsFixed ? transforms.fixedExtent : transforms.movingExtent, imageVoxels: finest.extent.count)
    let box = max(resampled, towardsFixed ? 0 : Self.bytesOfInversion(transforms))
    let kept = [transforms.transform.coarse, transforms.transform.coarseInverse].compactMap { $0?.vectors.extent.count }.reduce(0, +)
    let fixed = MemoryModel.base + resident + kept * MemoryModel.bytesPerWarpPoint
    try MemoryModel.require(fixed + box, within: memory)
    boxesAtOnce = MemoryModel.boxesAtOnce(
      of: box, threads: ThreadCount.resolved(options.threads), available: memory.bytes - fixed)
  }

  /// What a box of the moving lattice takes while its place in the fixed image is searched for.
  private static func bytesOfInversion(_ transforms: TransformFolder) -> Int {
    let box = MemoryModel.boxExtent(rank: transforms.rank, of: transforms.movingExtent)
    let found = box.count * MemoryModel.bytesPerInvertedVoxel
    guard let field = transforms.field, let reach = transforms.transform.inverseReach(of: box, in: transforms.movingSpace) else {
      return found
    }
    let points = (0..<3).map { axis in min(reach[axis], transforms.fixedExtent[axis]) / field.lattice.stride[axis] + 4 }.reduce(1, *)
    return found + points * MemoryModel.bytesPerInvertedPoint
  }

  /// What writes the image.
  func images(in folder: RunFolder) -> ImageStages {
    let (transforms, finest) = (application.transforms, finest)
    let transform = transforms.transform
    let towardsFixed = application.options.target == .fixed
    let resampler = ImageResampler(
      image: image, extent: towardsFixed ? transforms.fixedExtent : transforms.movingExtent,
      space: towardsFixed ? transform.fixedSpace : transforms.movingSpace, rank: transforms.rank, interpolation: interpolation,
      factors: isLabels || !towardsFixed ? [1, 1, 1] : ChunkedRegistration.antialiasingFactors(finest, for: transform), isLabels: isLabels
    ) { box, lattice, notes in
      if towardsFixed {
        let mapped = transform.mapped(box, local: try transforms.local(over: box), to: lattice)
        notes.add(mapped, in: lattice, of: finest)
        return mapped
      }
      let (mapped, residual) = try transform.inverseMapped(box, in: transforms.movingSpace, fixedExtent: transforms.fixedExtent) {
        try transforms.local(over: $0)
      }
      let moved = mapped.moved(from: transform.fixedSpace, to: lattice)
      notes.add(moved, in: lattice, of: finest, residual: residual)
      return moved
    }
    return ImageStages(
      folder: folder, name: name, format: format, version: application.options.omeVersion ?? OMEVersion(ofFormat: image.format),
      resampler: resampler, width: boxesAtOnce)
  }
}

extension OutputFormat {
  /// By the ending of a name.
  ///
  /// - Throws: `PipelineError` where images are not written in that format.
  init(ofName name: String) throws {
    let lower = name.lowercased()
    if lower.hasSuffix(".tif") || lower.hasSuffix(".tiff") {
      self = .tiff
    } else if lower.hasSuffix(".nii") || lower.hasSuffix(".nii.gz") {
      self = .nifti
    } else if lower.hasSuffix(".nrrd") {
      self = .nrrd
    } else if let ending = [".png", ".jpg", ".jpeg", ".mha", ".mhd", ".bmp", ".h5", ".csv", ".txt", ".gz"].first(where: lower.hasSuffix) {
      throw PipelineError(
        "--output \(name): images are not written as \(ending)", hint: "end it in .ome.zarr, .tif, .nii.gz or .nrrd, or give --format")
    } else {
      self = .zarr
    }
  }
}
