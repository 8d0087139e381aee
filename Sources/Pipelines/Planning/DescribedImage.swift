// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Volumes

extension StoredImage {
  /// An image that is only described, to make a plan without it: reading a voxel of it is an error.
  ///
  /// - Parameters:
  ///   - extent: voxels along z, y, x (2D: y, x).
  ///   - spacing: distances between voxels along them; 1 where `nil`.
  /// - Throws: `PipelineError` where the rank is neither 2 nor 3, a number is not positive, or there are more voxels than a word counts.
  public static func described(
    as name: String, extent: [Int], voxelType: VoxelType, spacing: [Double]? = nil
  ) throws -> StoredImage {
    let spacing = spacing ?? extent.map { _ in 1 }
    guard extent.allSatisfy({ $0 > 0 }), let bytes = (extent + [voxelType.size]).product, bytes < 1 << 60 else {
      throw PipelineError(
        "an image of \(extent.map(String.init).joined(separator: "×")) voxels cannot be",
        hint: "give lengths above 0, below 10^18 bytes in all")
    }
    guard extent.count == 2 || extent.count == 3, spacing.count == extent.count, spacing.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw PipelineError(
        "\(name) has \(extent.count) lengths and the spacing \(spacing.map { "\($0)" }.joined(separator: ","))",
        hint: "give two or three lengths, and as many distances above 0")
    }
    return StoredImage(
      path: name, format: "described", axes: "zyx".suffix(extent.count).map { Axis(name: String($0)) },
      levels: [
        Level(
          source: DescribedSource(name: name, extent: Extent(extent), voxelType: voxelType), space: PhysicalSpace(spacing: spacing),
          name: "")
      ])
  }
}

/// Voxels that nobody has.
private struct DescribedSource: VoxelSource {
  let name: String
  let extent: Extent
  let voxelType: VoxelType
  var chunk: Extent { extent }

  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    throw PipelineError("\(name) is only described, and has no voxels", hint: "name an image")
  }
}
