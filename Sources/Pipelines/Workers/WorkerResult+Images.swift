// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

extension WorkerResult {
  /// The result as images of a tile, one a channel.
  ///
  /// - Parameter program: what messages call the program.
  /// - Throws: `WorkerError` where the shape is neither the tile's nor that of channels of the tile.
  func images(of tile: Extent, program: String) throws(WorkerError) -> [VoxelBuffer<Float>] {
    let channels = shape.count == tile.rank ? 1 : shape[0]
    guard shape.suffix(tile.rank) == tile.lengths[...], shape.count <= tile.rank + 1 else {
      throw WorkerError(
        .output, "\(program) returned an image of \(Extent(shape)) voxels (\(shape.count)D) for a tile of \(tile) (\(tile.rank)D)",
        hint: "return one value for every voxel of the tile, its halo included; channels, where there are several, come first")
    }
    let values: [Float]
    switch type {
    case nil: values = try mask().map(Float.init)
    case .float32: values = try voxels(Float.self)
    case .some(let type): values = try floats(type.scalar)
    }
    if channels == 1 { return [VoxelBuffer(extent: tile, elements: values)] }
    return (0..<channels).map { VoxelBuffer(extent: tile, elements: Array(values[$0 * tile.count..<($0 + 1) * tile.count])) }
  }

  private func floats<Voxel: VoxelScalar>(_ type: Voxel.Type) throws(WorkerError) -> [Float] { try voxels(type).map(\.float) }
}
