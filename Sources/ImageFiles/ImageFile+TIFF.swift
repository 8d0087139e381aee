// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

extension ImageFile {
  /// Opens a TIFF stack.
  static func openTIFF(path: String, spacing: [Double]?) throws(ImageFileError) -> StoredImage {
    let file = try TIFFFile(path: path)
    let description = try TIFFDescription(of: file)
    if file.samples > 1, let channels = description.stack.first(where: { $0.name == "c" }) {
      throw ImageFileError(
        path: path, "has \(file.samples) samples a pixel and \(channels.length) channels of pages: only one of both is read",
        hint: "split the channels, or convert it to OME-Zarr")
    }
    let isVolume = description.stack.contains { $0.name == "z" }
    let stored = description.spacing.suffix(isVolume ? 3 : 2).map { $0 ?? 1 }
    let space = PhysicalSpace(spacing: try checkedSpacing(stored, given: spacing, path: path), unit: description.unit)
    var axes = description.stack.map { Axis(name: $0.name, unit: $0.name == "z" ? space.unit : nil) }
    axes += ["y", "x"].map { Axis(name: $0, unit: space.unit) }
    if file.samples > 1 { axes.append(Axis(name: "c")) }
    let stack = Extent(description.stack.map(\.length))
    func source<Stored: VoxelScalar>(_ type: Stored.Type) -> any VoxelSource { TIFFSource<Stored>(file: file, stack: stack) }
    return StoredImage(
      path: path, format: "TIFF", axes: axes,
      levels: [StoredImage.Level(source: source(file.voxelType.scalar), space: space, name: "")],
      isColour: file.isColour && (file.samples == 3 || file.samples == 4))
  }
}
