// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Grids
internal import Volumes

/// A Zarr array without OME metadata, as an image of one level.
enum PlainArray {
  static func open(_ path: String, axes names: String?, spacing: [Double]?) throws -> StoredImage {
    let array = try ChunkedArray.open(in: StoreLocation.store(at: path), node: "")
    let rank = array.extent.rank
    guard !array.extent.lengths.contains(0) else {
      throw PyramidError(
        "\(path) of \(array.extent) has no voxel", hint: "the image was not written to its end; copy it again from its source")
    }
    let axes =
      try names == nil ? named(by: array.metadata) ?? axes(named: nil, rank: rank, path: path) : axes(named: names, rank: rank, path: path)
    let spatial = OMEImage.spatialOrder(axes)
    if let spacing, spacing.count != spatial.count {
      throw PyramidError(
        "the given spacing has \(spacing.count) numbers, and \(path) has \(spatial.count) spatial axes "
          + "(\(axes.map(\.name).joined(separator: ",")))", hint: "give one number for each spatial axis, z,y,x")
    }
    let space = PhysicalSpace(spacing: spacing ?? [Double](repeating: 1, count: spatial.count))
    return StoredImage(
      path: path, format: "Zarr v\(array.metadata.format.rawValue) array", axes: axes,
      levels: [StoredImage.Level(source: array, space: space, name: "")])
  }

  /// Axes from one letter each; without names the axes of rank 2 and 3 are y, x and z, y, x.
  static func axes(named names: String?, rank: Int, path: String) throws(PyramidError) -> [Axis] {
    guard let names else {
      guard rank == 2 || rank == 3 else {
        throw PyramidError(
          "\(path) has \(rank) axes and does not name them", hint: "name them with --axes, one letter each, as --axes cyx or --axes tczyx")
      }
      return "zyx".suffix(rank).map { Axis(name: String($0)) }
    }
    let letters = names.lowercased().filter { $0 != "," && $0 != " " }.map(String.init)
    guard letters.count == rank else {
      throw PyramidError("--axes \(names) names \(letters.count) axes, and \(path) has \(rank)", hint: "give one letter an axis")
    }
    guard Set(letters).count == rank, letters.allSatisfy({ "zyxct".contains($0) }) else {
      throw PyramidError("--axes \(names) is not understood", hint: "use each of z, y, x, c (channel) and t (time) at most once")
    }
    return letters.map { Axis(name: $0) }
  }

  /// The axes that the array names itself: v3's `dimension_names`, or xarray's attribute in v2; `nil` where they are not all known.
  static func named(by metadata: ArrayMetadata) -> [Axis]? {
    let names = metadata.dimensionNames?.compactMap(\.self) ?? metadata.attributes["_ARRAY_DIMENSIONS"]?.elements?.compactMap(\.text) ?? []
    let axes = names.map { Axis(name: $0) }
    let space = axes.filter { $0.kind == .space }.count
    let isKnown = axes.count == metadata.extent.rank && axes.allSatisfy { $0.kind != .other } && Set(names).count == names.count
    return isKnown && (2...3).contains(space) ? axes : nil
  }
}
