// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Volumes

/// The downsampled fixed and moving images on disk: float32 Zarr arrays with a checksum a chunk.
struct CoarseImages {
  private let folder: URL
  private let registration: ChunkedRegistration

  init(_ folder: URL, _ registration: ChunkedRegistration) {
    self.folder = folder
    self.registration = registration
  }

  enum Side: String, CaseIterable {
    case fixed, moving
  }

  /// One task: a box of one image.
  struct Tile {
    var side: Side
    var box: Box
  }

  /// Voxels of a chunk: few planes, so that images stored by planes are read once.
  private static let chunk = [16, 256, 256]

  static func volume(_ side: Side, _ registration: ChunkedRegistration) -> LazyVolume {
    switch side {
    case .fixed: registration.fixedPyramid.downsampled(by: registration.plan.fixedFactors)
    case .moving: registration.movingPyramid.downsampled(by: registration.plan.movingFactors)
    }
  }

  /// Boxes of whole chunks of about two million voxels, first of the fixed and then of the moving image.
  static func tiles(_ registration: ChunkedRegistration) -> [Tile] {
    Side.allCases.flatMap { side in
      let extent = volume(side, registration).extent
      var size = chunk
      for axis in [2, 1] { while size[axis] < extent[axis] && 2 * size.reduce(1, *) <= 2 << 20 { size[axis] *= 2 } }
      return extent.box.tiles(of: Extent(size)).map { Tile(side: side, box: $0) }
    }
  }

  private func path(_ side: Side) -> String { folder.appendingPathComponent("\(side.rawValue).zarr").path }

  /// Creates the arrays that are not there yet.
  func create() throws {
    for side in Side.allCases where !FileManager.default.fileExists(atPath: path(side) + "/zarr.json") {
      let extent = Self.volume(side, registration).extent
      let chunk = Extent(zip(Self.chunk, extent.lengths).map(min))
      _ = try ChunkedArray.create(
        at: path(side),
        ArrayMetadata(
          format: .v3, extent: extent, chunk: chunk, voxelType: .float32, compression: .blosc(.lz4, level: 5, shuffle: .bytes),
          isChecksummed: true))
    }
  }

  func array(_ side: Side) throws -> ChunkedArray { try .open(at: path(side)) }

  /// A whole image.
  ///
  /// - Throws: `DamagedOutput` where a chunk is not what was written.
  func load(_ side: Side) throws -> Volume {
    let array = try array(side)
    let voxels: VoxelBuffer<Float> = try array.readIntermediate(array.extent.box)
    return Volume(voxels: voxels, space: Self.volume(side, registration).space)
  }
}

extension ChunkedArray {
  /// Reads what an earlier stage wrote.
  ///
  /// - Throws: `DamagedOutput` where a chunk is not what was written.
  func readIntermediate<Voxel: VoxelScalar>(_ box: Box) throws -> VoxelBuffer<Voxel> {
    do { return try read(box, as: Voxel.self) } catch {
      guard let chunk = damagedChunks(in: box).first else { throw error }
      throw DamagedOutput(path: chunk, reason: error.localizedDescription)
    }
  }
}

extension RegistrationRun {
  /// Brings both images to the coarse lattices, tile by tile.
  func downsampleStage() throws -> Stage {
    let images = CoarseImages(folder.stage(StageName.downsample), registration)
    let arrays = try Dictionary(uniqueKeysWithValues: CoarseImages.Side.allCases.map { ($0, try images.array($0)) })
    let tiles = CoarseImages.tiles(registration)
    let volumes = Dictionary(uniqueKeysWithValues: CoarseImages.Side.allCases.map { ($0, CoarseImages.volume($0, registration)) })
    return Stage(
      StageName.downsample, tasks: .all(tiles.count), width: registration.plan.boxesAtOnce,
      isPresent: { task, outcome in
        outcome.result == String(arrays[tiles[task].side]!.storedChunkCount(in: tiles[task].box))
      },
      isWorthRetrying: ImageStages.isWorthRetrying
    ) { task in
      let (side, box) = (tiles[task].side, tiles[task].box)
      try arrays[side]!.write(volumes[side]!.read(box), at: box.lower)
      return TaskOutcome(result: String(arrays[side]!.storedChunkCount(in: box)))
    }
  }
}
