// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
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
  /// Where the voxels of the result lie, and where they come from.
  let map: ApplicationMap
  /// How many boxes are resampled at once.
  let boxesAtOnce: Int
  /// Bytes of decoded chunks that are kept for boxes beside those that were read.
  private let keptBytes: Int

  /// - Parameter grid: where the voxels of the result lie; `nil` to go by the options.
  /// - Throws: `PipelineError` where the ranks do not fit, labels are no whole numbers, options contradict each other, the output's name tells
  ///   no format, or the image has to be loaded whole and does not fit the memory.
  init(_ application: TransformApplication, _ image: StoredImage, _ output: String, grid: OutputGrid? = nil) throws {
    let (options, transforms) = (application.options, application.transforms)
    let volumes = try image.volumes(channel: 0)
    guard volumes.finest.rank == transforms.rank else {
      throw PipelineError(
        "\(image.path) is \(volumes.finest.rank)D, and the transforms are \(transforms.rank)D",
        hint: "bring along images of the rank of the pair that was registered; --axes names the axes where a file lacks them")
    }
    try options.requireSense(for: image.path, of: image.voxelType)
    try options.requireFill(of: image.path, as: image.voxelType.scalar)
    self.application = application
    self.image = image
    self.output = output
    name = URL(fileURLWithPath: output).standardizedFileURL.lastPathComponent
    format = try options.format ?? OutputFormat(ofName: name)
    interpolation = options.interpolation ?? (options.isLabels ? .nearest : .linear)
    isLabels = options.isLabels || interpolation == .labelVote || (interpolation == .nearest && image.voxelType.isInteger)
    let unit = transforms.transform.fixedSpace.unit
    finest = volumes.finest.placed(in: volumes.finest.space.converted(to: unit)).liftedToThreeAxes()
    let memory = options.budget
    let resident = try MemoryModel.residentBytes(of: [finest], within: memory)
    map = ApplicationMap(
      transforms: transforms, target: options.target,
      grid: try grid ?? OutputGrid(options, transforms, for: finest, named: image.path))
    let isShared = image.axes.indices.contains { image.axes[$0].kind != .space && image.levels[0].source.extent[$0] > 1 }
    let kept = isShared ? MemoryModel.boxExtent(rank: transforms.rank, of: map.grid.extent).count * MemoryModel.bytesPerKeptPosition : 0
    let resampled = MemoryModel.box(rank: transforms.rank, of: map.grid.extent, imageVoxels: finest.extent.count)
    let box = max(resampled + kept, map.bytesOfBox)
    let warps = [transforms.transform.coarse, transforms.transform.coarseInverse].compactMap { $0?.vectors.extent.count }.reduce(0, +)
    let fixed = MemoryModel.base + resident + warps * MemoryModel.bytesPerWarpPoint
    try MemoryModel.require(fixed + box, within: memory)
    boxesAtOnce = MemoryModel.boxesAtOnce(
      of: box, threads: options.threadCount, available: memory.bytes - fixed)
    keptBytes = MemoryModel.decodedChunks(available: memory.bytes - fixed - boxesAtOnce * box)
  }

  /// What writes the image.
  func images(in folder: RunFolder) -> ImageStages {
    let decoded = DecodedChunks(bytes: keptBytes)
    let map = ApplicationMap(transforms: map.transforms.keeping(decoded), target: map.target, grid: map.grid)
    let finest = finest
    var image = image
    for level in image.levels.indices {
      image.levels[level].source = (image.levels[level].source as? ChunkedArray)?.keeping(decoded) ?? image.levels[level].source
    }
    let resampler = ImageResampler(
      image: image, extent: map.grid.extent, space: map.grid.space, rank: map.transforms.rank, interpolation: interpolation,
      factors: isLabels ? [1, 1, 1] : map.antialiasingFactors(finest), isLabels: isLabels, fill: application.options.fill
    ) { box, lattice, notes in
      let (mapped, residual) = try map.mapped(box, to: lattice)
      notes.add(mapped, in: lattice, of: finest, residual: residual)
      return mapped
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
    } else if let ending = [".png", ".jpg", ".jpeg", ".mha", ".mhd", ".bmp", ".h5", ".csv", ".json", ".geojson", ".txt", ".gz"].first(
      where: lower.hasSuffix)
    {
      throw PipelineError(
        "--output \(name): images are not written as \(ending)", hint: "end it in .ome.zarr, .tif, .nii.gz or .nrrd, or give --format")
    } else {
      self = .zarr
    }
  }
}
