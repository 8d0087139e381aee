// SPDX-License-Identifier: Apache-2.0

public import ChunkStores
internal import Foundation
internal import Grids
public import Volumes

/// Writes an OME-Zarr image level by level, box by box, with bounded memory.
///
/// Everything is written to a hidden folder beside the final path, and renamed to it by `finish()`: an image appears whole or not at all.
/// Order: `begin`; level 0 by `write`; each further level by `buildLevel` for every box of `tasks(level:)`, once the finer level is
/// complete; `finish`. Boxes of one level may be written from many threads at once; no chunk may have two writers.
public struct PyramidWriter: Sendable {
  /// One level of the image being written.
  public struct Level: Sendable {
    /// The voxels, with all axes.
    public let array: ChunkedArray
    /// By how many voxels of the finest level it is averaged along the spatial axes.
    public let factors: [Int]
    /// Where it lies.
    public let space: PhysicalSpace
  }

  /// What is written; what its metadata note beside the image may still change.
  public internal(set) var layout: PyramidLayout
  /// Where the image will be.
  public let path: String
  /// Where it is until it is finished: a hidden folder beside `path`.
  public let workingPath: String
  /// The levels, finest first.
  public let levels: [Level]

  /// Creates the arrays of an image in a hidden folder beside `path`, without the metadata that would make it an image.
  ///
  /// - Parameters:
  ///   - token: tells one attempt from another. With the token of an attempt that was interrupted, and the same layout, its
  ///   chunks are kept and the writer goes on with it; with another layout they are removed.
  ///   - isShared: whether others may be writing to that attempt, whose temporary files are then left alone.
  /// - Throws: where the layout contradicts itself, or the folder cannot be written.
  public static func begin(_ layout: PyramidLayout, at path: String, token: String? = nil, isShared: Bool = false) throws
    -> PyramidWriter
  {
    let path = OMEImage.trimmed(path)
    try check(layout, path)
    let token = token ?? String(UInt64.random(in: 0 ... .max), radix: 36)
    let working = path.folderPrefix + ".\(path.fileName).partial-\(token)"
    let store = LocalStore(directory: working)
    let plans = layout.factors.enumerated().map { level, factors in
      let metadata = ArrayMetadata(
        format: layout.version.zarrFormat, extent: layout.extent(level: level), chunk: layout.chunk(level: level),
        shard: layout.shard(level: level), voxelType: layout.voxelType, compression: layout.resolvedCompression,
        isChecksummed: layout.isChecksummed,
        fillValue: layout.fillValue,
        dimensionNames: layout.version == .v05 ? layout.axes.map(\.name) : nil)
      return (factors: factors, metadata: metadata)
    }
    let isSame = try plans.enumerated().allSatisfy { index, plan in
      try store.get("\(index)/\(plan.metadata.fileName)") == plan.metadata.encoded()
    }
    if isSame {
      if !isShared { removeTemporaryFiles(in: working) }
    } else if FileAccess.exists(working) {
      try FileManager.default.removeItem(atPath: working)
    }
    let levels: [Level]
    do {
      levels = try plans.enumerated().map { index, plan in
        let array =
          isSame ? try ChunkedArray.open(in: store, node: "\(index)") : try ChunkedArray.create(in: store, node: "\(index)", plan.metadata)
        return Level(array: array, factors: plan.factors, space: layout.space(factors: plan.factors))
      }
    } catch {
      // Nothing of worth is in it yet.
      if !isSame { try? FileManager.default.removeItem(atPath: working) }
      throw error
    }
    return PyramidWriter(layout: layout, path: path, workingPath: working, levels: levels)
  }

  /// Writes voxels of level 0, converted to the image's type (saturating), their first one landing at `position`.
  ///
  /// - Throws: where the box is not made of whole chunks, clipped only at the image's end, or a file cannot be written.
  public func write<Voxel: VoxelScalar>(_ voxels: VoxelBuffer<Voxel>, at position: [Int]) throws {
    try levels[0].array.write(voxels, at: position)
  }

  /// Writes the metadata and gives the image its final name.
  ///
  /// - Parameter replacing: whether what has that name already is removed.
  /// - Throws: where something has that name and is not to be replaced, or the folder cannot be written.
  public func finish(replacing: Bool = false) throws { try finish(replacing: replacing, attributes: nil) }

  /// The same with attributes of another version than images are written in.
  package func finish(replacing: Bool, attributes: [String: JSON]?) throws {
    let exists = FileAccess.exists(path)
    if exists && !replacing {
      throw PyramidError("\(path) exists", hint: "choose another output, or add --overwrite to replace it")
    }
    try writeMetadata(attributes)
    // What the folder holds is on the disk before it takes its name, and the name before the old image is removed.
    try FileAccess.synchroniseFolders(in: workingPath)
    guard exists else {
      try FileAccess.rename(workingPath, to: path)
      return try FileAccess.synchroniseFolder(path.folderPrefix)
    }
    let old = workingPath + "-replaced"
    try FileAccess.rename(path, to: old)
    do {
      try FileAccess.rename(workingPath, to: path)
    } catch {
      try FileAccess.rename(old, to: path)
      throw error
    }
    try FileAccess.synchroniseFolder(path.folderPrefix)
    try FileManager.default.removeItem(atPath: old)
  }

  /// Writes the metadata that make the hidden folder an image, for a caller that renames it itself.
  ///
  /// - Throws: where they cannot be written.
  package func writeMetadata(_ attributes: [String: JSON]? = nil) throws {
    try ZarrNode.writeGroup(
      layout.version.zarrFormat, attributes: attributes ?? MultiscaleMetadata.attributes(of: layout, levels, name: imageName),
      in: LocalStore(directory: workingPath), at: "")
  }

  /// The same writer, whose metadata note what was found out while voxels were written.
  package func noting(_ notes: [String: JSON]) -> PyramidWriter {
    var writer = self
    writer.layout.notes = notes
    return writer
  }

  /// The same writer, whose metadata say how viewers show the channels.
  package func showing(_ channels: [ImageChannel]) -> PyramidWriter {
    var writer = self
    writer.layout.channels = channels
    return writer
  }

  /// Removes what was written so far.
  public func abandon() throws {
    if FileAccess.exists(workingPath) { try FileManager.default.removeItem(atPath: workingPath) }
  }

  /// Removes what a process that was killed in the middle of a write has left.
  package static func removeTemporaryFiles(in folder: String) {
    for case let file as String in FileManager.default.enumerator(atPath: folder) ?? .init()
    where file.fileName.hasPrefix(".tmp-") {
      try? FileManager.default.removeItem(atPath: folder + "/" + file)
    }
  }

  private var imageName: String {
    let name = path.fileName
    return [".ome.zarr", ".zarr"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
  }

  private static func check(_ layout: PyramidLayout, _ path: String) throws(PyramidError) {
    let rank = layout.extent.rank
    guard (2...3).contains(rank), layout.space.rank == rank else {
      throw PyramidError("\(path): an image has 2 or 3 spatial axes and a space of as many: \(layout.extent), \(layout.space.rank)")
    }
    guard layout.fullExtent.count > 0 else {
      throw PyramidError(
        "\(path): an image of \(layout.fullExtent) has no voxel",
        hint: "the image was not written to its end; copy it again from its source")
    }
    if let chunk = layout.chunk, chunk.rank != rank || chunk.lengths.contains(0) {
      throw PyramidError("\(path): chunks of \(chunk) cannot tile an image of \(layout.extent)")
    }
    if let shard = layout.shard {
      guard layout.version == .v05 else {
        throw PyramidError(
          "\(path): OME-Zarr \(layout.version.rawValue) has no shards", hint: "write version 0.5, or leave the shards out")
      }
      guard shard.rank == rank, !shard.lengths.contains(0) else {
        throw PyramidError("\(path): shards of \(shard) cannot tile an image of \(layout.extent)")
      }
    }
    try OMEImage.checkSpacing(layout.space.spacing, "\(path): the spacing")
    if let count = layout.levelCount, count < 1 { throw PyramidError("\(path): an image has at least one level, not \(count)") }
  }
}
