// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
internal import Grids
internal import Pyramids
internal import Volumes

/// A synthetic pair as light-sheet microscopy would give it, with its known transform: nuclei, fibres, texture, an organ's outline, uneven
/// light, noise; turned, scaled, shifted and smoothly bent.
///
/// The moving image is a scene `S(y)` that is known at every point, the fixed image is `S(T(x))`: neither is interpolated, so the truth is
/// exact. Any size, made block by block in bounded memory.
public struct Phantom: Sendable {
  /// What was asked for.
  public let options: PhantomOptions
  /// The known transform.
  public let truth: PhantomTruth

  /// A phantom; nothing is written.
  ///
  /// - Throws: `PipelineError` where the shape, the spacing or the voxel type does not do, or the displacement folds space.
  public init(_ options: PhantomOptions) throws {
    let shape = options.shape
    guard shape.count == 2 || shape.count == 3, shape.allSatisfy({ $0 >= 16 && $0 <= 1 << 20 }) else {
      throw PipelineError(
        "a phantom of \(shape.map(String.init).joined(separator: ",")) voxels cannot be made",
        hint: "give two or three lengths from 16 to \(1 << 20), as --shape 256 or --shape 128,256,256")
    }
    let spacing = options.spacing ?? shape.map { _ in 1 }
    guard spacing.count == shape.count, spacing.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw PipelineError(
        "a spacing of \(spacing) does not fit a shape of \(shape)", hint: "give a distance above 0 for each of the \(shape.count) axes")
    }
    guard options.voxelType == .uint8 || options.voxelType == .uint16 else {
      throw PipelineError("a phantom has voxels of uint8 or uint16, not \(options.voxelType.rawValue)", hint: "choose uint8 or uint16")
    }
    guard options.displacement.map({ $0 >= 0 && $0.isFinite }) ?? true else {
      throw PipelineError("a displacement of \(options.displacement ?? 0) voxels is below 0", hint: "give a number of voxels, as 8")
    }
    if let chunk = options.chunk, chunk.rank != shape.count || chunk.lengths.contains(0) {
      throw PipelineError("chunks of \(chunk) cannot tile \(shape.count) axes", hint: "give one length above 0 for each axis")
    }
    self.options = options
    truth = try PhantomTruth(
      seed: options.seed, shape: shape, spacing: spacing, unit: .micrometer, displacement: options.displacement,
      contents: options.contents)
  }

  /// Writes the images, `truth.json` and `landmarks.csv` into a folder, block by block.
  ///
  /// - Throws: where the folder is an image itself, something of that name exists and is not to be replaced, or the folder cannot be
  ///   written; `CancellationError`.
  /// - Complexity: O(voxels) time; memory for a few chunks a thread.
  public func write(into folder: String, progress: any ProgressReporter = SilentProgress()) async throws {
    let images: [(name: String, content: PhantomSource.Content, isFixed: Bool)] =
      [("fixed", .light, true), ("moving", .light, false)]
      + (options.labels ? [("fixed_labels", .labels, true), ("moving_labels", .labels, false)] : [])
    let files = images.map { "\($0.name).ome.zarr" } + [PhantomTruth.fileName, PhantomLandmarks.fileName]
    guard !OMEImage.isZarr(folder) else {
      throw PipelineError(
        "\(folder) is an image itself, and a phantom is a folder of images", hint: "choose another folder, as \(folder)-phantom")
    }
    let taken = files.filter { FileManager.default.fileExists(atPath: folder + "/" + $0) }
    if let first = taken.first, !options.overwrite {
      throw PipelineError("\(folder)/\(first) exists", hint: "choose another folder, or add --overwrite to replace it")
    }
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw PipelineError("\(folder) cannot be written: \(error.localizedDescription)", hint: "choose a folder you may write to")
    }
    for image in images { try await write(image.content, isFixed: image.isFixed, name: image.name, into: folder, progress) }
    let landmarks = PhantomLandmarks(of: truth)
    try save(Array(landmarks.csv.utf8), folder + "/" + PhantomLandmarks.fileName)
    try save(truth.encoded(), folder + "/" + PhantomTruth.fileName)
  }

  private func write(
    _ content: PhantomSource.Content, isFixed: Bool, name: String, into folder: String, _ progress: any ProgressReporter
  ) async throws {
    let type = content == .labels ? VoxelType.uint32 : options.voxelType
    var layout = PyramidLayout(extent: Extent(truth.shape), voxelType: type, space: truth.space)
    layout.version = options.omeVersion
    layout.chunk = options.chunk
    layout.downsampling = content == .labels ? .mode : .mean
    let writer = try PyramidWriter.begin(layout, at: "\(folder)/\(name).ome.zarr")
    let source = PhantomSource(truth: truth, content: content, isFixed: isFixed, voxelType: type, chunk: layout.resolvedChunk)
    let runner = BlockRunner(width: ThreadCount.resolved(options.threads), progress: progress)
    let title = name.replacingOccurrences(of: "_", with: " ")
    do {
      let boxes = writer.tasks(level: 0, voxels: layout.resolvedChunk.count)
      try await runner.run(title, over: boxes, count: boxes.count) { box in
        let voxels = source.read(box)
        // Concrete types, so that the conversion is compiled for them.
        switch type {
        case .uint8: try writer.write(voxels.converted(to: UInt8.self), at: box.lower)
        case .uint16: try writer.write(voxels.converted(to: UInt16.self), at: box.lower)
        default: try writer.write(voxels, at: box.lower)
        }
      }
      for level in writer.levels.indices.dropFirst() {
        let boxes = writer.tasks(level: level)
        try await runner.run("\(title), level \(level)", over: boxes, count: boxes.count) { try writer.buildLevel(level, $0) }
      }
      try writer.finish(replacing: options.overwrite)
    } catch {
      try? writer.abandon()
      throw error
    }
  }

  private func save(_ bytes: [UInt8], _ path: String) throws {
    do { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw PipelineError(
        "\(path) cannot be written: \(error.localizedDescription)", hint: "check the room on the disk and your permissions")
    }
  }
}
