// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
internal import Volumes

/// Patches in a Zarr folder: for each array of the loader one of patches, channels, z, y, x, a chunk a patch, and where they are from in its attributes.
/// What is written is hidden beside the folder until all is there.
public struct PatchFolder: Sendable {
  private let path: String
  private let working: String
  private let arrays: [ChunkedArray]

  /// - Parameters:
  ///   - path: a folder that does not exist.
  ///   - inputs: images that are read, in none of which it may lie.
  ///   - count: patches.
  /// - Throws: `PipelineError` where it exists, lies inside an input or cannot be written.
  public init(_ path: String, _ loader: PatchLoader, inputs: [String], count: Int) throws {
    try OutputFolder.refuse(path, inside: inputs)
    let url = URL(fileURLWithPath: path).standardizedFileURL
    self.path = url.path
    working = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).weft-\(getpid())").path
    try Self.checkAbsence(url.path)
    let store = LocalStore(directory: working)
    try ZarrNode.writeGroup(.v3, attributes: [:], in: store, at: "")
    arrays = try loader.arrays.map { array in
      let shape = [count] + array.shape.dropFirst()
      let chunk = [1] + array.shape.dropFirst()
      return try ChunkedArray.create(
        in: store, node: array.name,
        ArrayMetadata(
          format: .v3, extent: Extent(shape), chunk: Extent(chunk), voxelType: .float32, compression: .zstd(level: 3),
          fillValue: .real(.nan)))
    }
  }

  /// Writes the patches of a batch, the first of which is the `first`.
  public func write(_ batch: PatchBatch, from first: Int) throws {
    for (number, array) in arrays.enumerated() {
      let shape = [batch.draws.count] + batch.arrays[number].shape.dropFirst()
      let numbers = Array(batch.numbers(of: number).prefix(shape.reduce(1, *)))
      try array.write(VoxelBuffer(extent: Extent(shape), elements: numbers), at: [first, 0, 0, 0, 0])
    }
  }

  /// Gives the folder its name.
  ///
  /// - Parameter origins: the image and the centre of each patch.
  public func finish(classes: [String], origins: [(path: String, center: [Double])]) throws {
    let patches = origins.map { JSON.object(["image": .string($0.path), "center": .reals($0.center)]) }
    try ZarrNode.writeGroup(
      .v3, attributes: ["classes": .array(classes.map { .string($0) }), "patches": .array(patches)], in: LocalStore(directory: working),
      at: "")
    // Another run may have been quicker.
    try Self.checkAbsence(path)
    try FileManager.default.moveItem(atPath: working, toPath: path)
  }

  private static func checkAbsence(_ path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw PipelineError("\(path) exists", hint: "remove it, or write to another folder")
    }
  }

  /// Removes what was written.
  public func abandon() { try? FileManager.default.removeItem(atPath: working) }
}
