// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
internal import Pyramids
internal import Reports
internal import Volumes

/// An image of a view, opened for its lattice and its brightness.
struct OpenedLayer {
  /// The names of the spatial axes in the order of the file, as `z`, `y`, `x`.
  let axes: [String]
  /// Whether it has an axis of channels.
  let hasChannels: Bool
  /// Voxels along the spatial axes.
  let extent: [Int]
  /// Where they lie.
  let space: PhysicalSpace
  /// What is black and what is full colour; `nil` for labels, and where no voxel is a number.
  let contrast: ContrastRange?

  /// The versions of OME-NGFF that viewers read.
  private static let formats = ["OME-Zarr 0.4", "OME-Zarr 0.5"]

  /// Opens an image, and reads at most a million of its voxels.
  ///
  /// - Throws: errors of opening and reading; `PipelineError` where viewers would not show it, or show it elsewhere.
  init(_ layer: ViewedLayer) throws {
    let image = try Self.image(at: layer.path, as: layer.role)
    axes = image.axes.filter { $0.kind == .space }.map { $0.name.lowercased() }
    hasChannels = image.axes.contains { $0.kind == .channel }
    let volumes = try image.volumes(channel: layer.channel ?? 0)
    extent = volumes.finest.extent.lengths
    space = image.levels[0].space
    contrast =
      layer.role == .labels
      ? nil : ContrastRange(try ImageSample(VolumePyramid(levels: volumes.levels.map { $0.liftedToThreeAxes() })).values)
  }

  /// Opens what viewers show; no voxel is read.
  ///
  /// - Throws: as `init`.
  static func image(at path: String, as role: ViewedLayer.Role) throws -> StoredImage {
    let shown = StoreLocation.split(path)
    guard shown.query.isEmpty else {
      throw PipelineError("the address \(shown.path) needs what is sent with each request", hint: "copy the image to a folder")
    }
    guard !StoreLocation.isInArchive(path) else {
      throw PipelineError("\(path) lies in a zip archive, which viewers do not read", hint: "unpack it")
    }
    let image = try StoredImage.open(path)
    guard formats.contains(image.format) else {
      throw PipelineError(
        "\(path) is of the kind \(image.format), and viewers read \(formats.joined(separator: " and "))",
        hint: "`weft convert \(path) image.ome.zarr` makes one; for an image below others, name it by --image image.ome.zarr")
    }
    guard role != .labels || image.voxelType.isInteger else {
      throw PipelineError(
        "\(path) has voxels of \(image.voxelType.rawValue), and labels are whole numbers", hint: "name label images by --labels")
    }
    return image
  }

  /// Whether both images have voxels of the same size.
  func hasSameSpacing(as other: OpenedLayer) -> Bool {
    guard (space.unit == nil) == (other.space.unit == nil), space.rank == other.space.rank else { return false }
    return zip(space.converted(to: other.space.unit).spacing, other.space.spacing).allSatisfy { abs($0 / $1 - 1) < 1e-4 }
  }
}
