// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
public import Volumes

/// Images in N5: a dataset, or a group of levels `s0`, `s1`, ….
///
/// The spacing is `pixelResolution` (or `resolution`) times a level's `downsamplingFactors` (or the group's `scales`), as N5 viewers and
/// bigstream have it, or OpenOrganelle's `transform`. Levels lie as means do: half-pixel shifts follow from their factors.
public enum N5Image {
  /// Whether `path` is an N5 dataset or a group of levels, by the files in it.
  public static func isN5(_ path: String) -> Bool {
    guard let store = try? StoreLocation.store(at: OMEImage.trimmed(path)) else { return false }
    return [N5Metadata.fileName, "s0/" + N5Metadata.fileName].contains { holds($0, store) }
  }

  /// Whether a file of metadata is there. A server is asked for the file itself, which is read anyway.
  private static func holds(_ key: String, _ store: any KeyValueStore) -> Bool {
    store.listsNames ? store.contains(key) : (try? store.get(key)) ?? nil != nil
  }

  /// Opens the image at `path` without reading a voxel.
  ///
  /// - Parameters:
  ///   - axes: one letter an axis, slowest first, as `cyx`, for a dataset that does not name its axes; wins over one that does.
  ///   - spacing: the spacing of the finest level along the spatial axes, in z, y, x order; wins over the file's.
  /// - Throws: `PyramidError` or `ChunkStoreError`: not an image, damaged or contradictory attributes.
  public static func open(_ path: String, axes: String? = nil, spacing: [Double]? = nil) throws -> StoredImage {
    let path = OMEImage.trimmed(path)
    let store = try StoreLocation.store(at: path)
    let attributes = try N5Metadata.attributes(in: store, at: "") ?? [:]
    if N5Metadata.isDataset(attributes) {
      // A level of a group knows its factors, and the group the spacing.
      let group = try N5Metadata.attributes(in: StoreLocation.store(at: around(path)), at: "") ?? [:]
      return try image(path, [("", try N5Array.open(in: store, node: ""))], group: group, axes: axes, spacing: spacing)
    }
    func isLevel(_ name: String) -> Bool { holds("\(name)/\(N5Metadata.fileName)", store) }
    // A server does not tell what it has: levels are asked for until one is not there.
    let listed = store.listsNames ? store.names(below: "") : Array((0..<64).lazy.map { "s\($0)" }.prefix(while: isLevel))
    let names = listed.filter { $0.wholeMatch(of: /s\d+/) != nil && isLevel($0) }
      .sorted { (Int($0.dropFirst()) ?? 0) < (Int($1.dropFirst()) ?? 0) }
    guard !names.isEmpty else {
      let inside = store.names(below: "").filter { isN5(path + "/" + $0) }.sorted()
      throw PyramidError(
        "\(path) is an N5 group without levels s0, s1, …",
        hint: inside.isEmpty
          ? "name a dataset in it, a folder whose attributes.json has `dimensions`"
          : "it holds \(inside.prefix(6).joined(separator: ", ")); name one, as \(path)/\(inside[0])")
    }
    let levels = try names.map { ($0, try N5Array.open(in: store, node: $0)) }
    return try image(path, levels, group: attributes, axes: axes, spacing: spacing)
  }

  /// The folder around a dataset.
  private static func around(_ path: String) -> String {
    let (place, query) = StoreLocation.split(path)
    return OMEImage.trimmed(place.folderPrefix) + query
  }

  private static func image(
    _ path: String, _ levels: [(name: String, array: N5Array)], group: [String: JSON], axes names: String?, spacing: [Double]?
  ) throws -> StoredImage {
    let finest = levels[0].array
    let rank = finest.extent.rank
    for (finer, coarser) in zip(levels, levels.dropFirst()) {
      let (a, b) = (finer.array, coarser.array)
      guard a.extent.rank == b.extent.rank, a.voxelType == b.voxelType, zip(b.extent.lengths, a.extent.lengths).allSatisfy({ $0 <= $1 })
      else {
        throw PyramidError(
          "\(path): the level \(finer.name) has \(a.extent) voxels of \(a.voxelType.rawValue), and \(coarser.name) has \(b.extent) of "
            + "\(b.voxelType.rawValue)", hint: "levels get coarser from s0 on; name one of them, as \(path)/\(finer.name)")
      }
    }
    guard !finest.extent.lengths.contains(0) else {
      throw PyramidError(
        "\(path) of \(finest.extent) has no voxel", hint: "the image was not written to its end; copy it again from its source")
    }
    let axes = try PlainArray.axes(named: names ?? self.axes(finest, group), rank: rank, path: path)
    let spatial = OMEImage.spatialOrder(axes)
    if let spacing, spacing.count != spatial.count {
      throw PyramidError(
        "the given spacing has \(spacing.count) numbers, and \(path) has \(spatial.count) spatial axes",
        hint: "give one number for each spatial axis, z,y,x")
    }
    let places = try levels.map { level in
      let name = level.name.isEmpty ? path.fileName : level.name
      return try place(level.array, name, group, of: finest, path + (level.name.isEmpty ? "" : "/" + level.name))
    }
    var named = axes
    for axis in spatial { named[axis].unit = places[0].unit }
    return StoredImage(
      path: path, format: "N5", axes: named,
      levels: try zip(levels, places).map { level, place in
        var space = PhysicalSpace(spacing: spatial.map { place.spacing[$0] }, unit: place.unit)
        space.origin = spatial.map { place.origin[$0] }
        try OMEImage.checkSpacing(space.spacing, "\(path): the spacing")
        if let spacing {
          let change = zip(spacing, spatial.map { places[0].spacing[$0] }).map(/)
          space.spacing = zip(space.spacing, change).map(*)
          space.origin = zip(space.origin, change).map(*)
        }
        return StoredImage.Level(source: level.array, space: space, name: level.name)
      })
  }

  /// The letters of the axes where they are named, slowest first.
  private static func axes(_ array: N5Array, _ group: [String: JSON]) -> String? {
    let attributes = JSON.object(array.metadata.attributes)
    if let names = attributes["transform"]?["axes"]?.elements?.compactMap(\.text), names.count == array.extent.rank {
      return names.joined()
    }
    let names = (attributes["axes"] ?? group["axes"])?.elements?.compactMap(\.text) ?? []
    return names.count == array.extent.rank ? names.reversed().joined() : nil
  }

  /// Where a level lies, along all its axes, slowest first.
  private static func place(
    _ array: N5Array, _ name: String, _ group: [String: JSON], of finest: N5Array, _ path: String
  ) throws(PyramidError) -> (spacing: [Double], origin: [Double], unit: LengthUnit?) {
    let rank = array.extent.rank
    let attributes = JSON.object(array.metadata.attributes)
    func numbers(_ json: JSON?, _ name: String) throws(PyramidError) -> [Double]? {
      guard let elements = json?.elements else { return nil }
      let numbers = elements.compactMap(\.number)
      guard numbers.count == rank, elements.count == rank, numbers.allSatisfy(\.isFinite) else {
        throw PyramidError(
          "\(path): `\(name)` is \(json?.shown ?? "null"), and the dataset has \(rank) axes",
          hint: "correct attributes.json, or give the spacing on the command line")
      }
      return numbers
    }
    // OpenOrganelle's: slowest first, a level's own.
    if let transform = attributes["transform"], let scale = try numbers(transform["scale"], "transform.scale") {
      let unit = (transform["units"]?.elements?.last?.text).flatMap { LengthUnit($0) }
      return (scale, try numbers(transform["translate"], "transform.translate") ?? scale.map { _ in 0 }, unit)
    }
    let resolution = attributes["pixelResolution"] ?? group["pixelResolution"] ?? attributes["resolution"] ?? group["resolution"]
    let finestSpacing =
      try numbers(resolution?["dimensions"] ?? resolution, "pixelResolution")?.reversed() ?? array.extent.lengths.map { _ in 1 }
    let scales = Int(name.dropFirst()).flatMap { level in
      group["scales"]?.elements.flatMap { $0.indices.contains(level) ? $0[level] : nil }
    }
    let factors =
      try numbers(attributes["downsamplingFactors"] ?? scales, "downsamplingFactors")?.reversed()
      ?? zip(finest.extent.lengths, array.extent.lengths).map { (Double($0) / Double($1)).rounded() }
    let unit = (resolution?["unit"]?.text ?? (attributes["units"] ?? group["units"])?.elements?.first?.text).flatMap { LengthUnit($0) }
    return (
      zip(finestSpacing, factors).map(*), zip(finestSpacing, factors).map { $0 * ($1 - 1) / 2 }, unit
    )
  }
}
