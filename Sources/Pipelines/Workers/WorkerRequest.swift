// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Grids
internal import Segmentation

/// The messages that Weft sends: see Docs/Reference/plugin-workers.md.
enum WorkerRequest {
  /// The version of the protocol that Weft speaks.
  static let protocolVersion = 1

  /// What is wanted of a tile.
  enum Kind: String, Sendable {
    case segment, image
  }

  /// The first message.
  static func initialise(backend: String, options: WorkerOptions, folder: String) -> JSON {
    [
      "type": "init", "protocol": .integer(Int64(protocolVersion)), "weft": .string(WeftVersion.current), "backend": .string(backend),
      "model": options.model.map { .string($0) } ?? nil, "gpu": .boolean(options.usesGPU),
      "settings": WorkerSetting.object(options.settings),
      "diameter": options.diameter.map(JSON.reals) ?? nil, "rank": options.rank.map { .integer(Int64($0)) } ?? nil,
      "threads": options.threads.map { .integer(Int64($0)) } ?? nil, "folder": .string(folder),
    ]
  }

  /// A tile to work on.
  ///
  /// - Parameters:
  ///   - lohi: the 1st and 99.8th percentile of each channel of the whole image.
  ///   - input: the file with the tile's voxels.
  ///   - output: the file that the result goes to.
  static func tile(
    _ kind: Kind, identifier: Int, _ tile: SegmentationTile, lohi: [[Double]], options: WorkerOptions, input: String, output: String
  ) -> JSON {
    [
      "type": .string(kind.rawValue), "id": .integer(Int64(identifier)), "input": .string(input), "output": .string(output),
      "shape": .integers([tile.channels.count] + tile.extent.lengths), "axes": .string(tile.extent.rank == 2 ? "cyx" : "czyx"),
      "dtype": "float32", "lohi": .array(lohi.map(JSON.reals)), "diameter": options.diameter.map(JSON.reals) ?? nil,
      "spacing": .reals(tile.spacing), "offset": .integers(tile.box.lower), "settings": WorkerSetting.object(options.settings),
    ]
  }

  /// The last message.
  static let shutdown: JSON = ["type": "shutdown"]
}
