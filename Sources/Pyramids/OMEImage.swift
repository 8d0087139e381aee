// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
public import Volumes

/// Images in Zarr: OME-NGFF pyramids (0.1 to 0.5), a level or an array inside one, and plain Zarr arrays.
public enum OMEImage {
  /// Opens the image at `path` without reading a voxel.
  ///
  /// - Parameters:
  ///   - axes: one letter an axis in the order of the file, as `cyx`, for a file that does not name its axes; wins over one that does.
  ///   - spacing: the spacing of the finest level along the spatial axes, in z, y, x order; wins over the file's.
  /// - Throws: `PyramidError` or `ChunkStoreError`: no such path, not an image, damaged or contradictory metadata.
  public static func open(_ path: String, axes: String? = nil, spacing: [Double]? = nil) throws -> StoredImage {
    let path = trimmed(path)
    if let spacing { try checkSpacing(spacing, "the given spacing") }
    switch try node(at: path) {
    case .group(let format, let attributes):
      let file = groupFile(path, format)
      guard let metadata = try MultiscaleMetadata(attributes: attributes, file: file) else {
        throw ImageDiagnosis.groupWithoutImage(path, attributes: attributes)
      }
      return try image(path, metadata, store: StoreLocation.store(at: path), file: file, levels: nil, axes: axes, spacing: spacing)
    case .array:
      if let (group, file, metadata, level) = try enclosingImage(of: path) {
        return try image(path, metadata, store: StoreLocation.store(at: group), file: file, levels: level, axes: axes, spacing: spacing)
      }
      return try PlainArray.open(path, axes: axes, spacing: spacing)
    }
  }

  /// Whether `path` is a Zarr group or array, by its metadata.
  ///
  /// - Throws: `ChunkStoreError` where these cannot be read, as where a server does not answer.
  public static func holdsZarr(_ path: String) throws -> Bool {
    try ZarrNode.read(in: StoreLocation.store(at: trimmed(path)), at: "") != nil
  }

  /// Whether `path` is a Zarr group or array, by the files in it.
  public static func isZarr(_ path: String) -> Bool {
    guard let store = try? StoreLocation.store(at: trimmed(path)) else { return false }
    return ["zarr.json", ".zarray", ".zgroup", ".zattrs"].contains { store.contains($0) }
  }

  /// The names that the image at `path` gives its axes itself; `nil` where it gives none.
  public static func axisNames(of path: String) -> [String]? {
    let path = trimmed(path)
    switch try? node(at: path) {
    case .group(_, let attributes)?: return (try? MultiscaleMetadata(attributes: attributes, file: path))?.axes?.map(\.name)
    case .array(let metadata)?:
      if let (_, _, image, _) = try? enclosingImage(of: path) { return image.axes?.map(\.name) }
      return PlainArray.named(by: metadata)?.map(\.name)
    case nil: return nil
    }
  }

  /// How viewers show the channels of the image at `path`, or of the one that the array there is a level of: its `omero` metadata; empty where
  /// there are none.
  public static func channels(of path: String) -> [ImageChannel] {
    let path = trimmed(path)
    switch try? node(at: path) {
    case .group(_, let attributes)?: return (try? MultiscaleMetadata(attributes: attributes, file: path))?.channels ?? []
    case .array?: return (try? enclosingImage(of: path))?.2.channels ?? []
    case nil: return []
    }
  }

  /// Whether the image at `path` says that it holds labels.
  public static func isLabels(_ path: String) -> Bool {
    guard case .group(_, let attributes)? = try? node(at: trimmed(path)) else { return false }
    return (attributes["ome"]?["image-label"] ?? attributes["image-label"]) != nil
  }

  /// The OME-NGFF version of an opened image that Weft can write, for an output of the same version.
  public static func version(of image: StoredImage) -> OMEVersion? {
    OMEVersion.allCases.first { image.format.hasSuffix("OME-Zarr " + $0.rawValue) }
  }

  static func trimmed(_ path: String) -> String {
    var (path, query) = StoreLocation.split(path)
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return path + query
  }

  private static func node(at path: String) throws -> ZarrNode {
    if let node = try ZarrNode.read(in: StoreLocation.store(at: path), at: "") { return node }
    throw ImageDiagnosis.notZarr(path)
  }

  static func groupFile(_ path: String, _ format: ZarrFormat) -> String {
    StoreLocation.split(path).path + (format == .v3 ? "/zarr.json" : "/.zattrs")
  }

  /// The image that the array at `path` is a level of, up to three folders above, its file of metadata, and which level.
  private static func enclosingImage(of path: String) throws -> (group: String, file: String, MultiscaleMetadata, level: Int)? {
    let (place, query) = StoreLocation.split(path)
    var parts = place.split(separator: "/", omittingEmptySubsequences: false)
    var inside: [Substring] = []
    for _ in 0..<3 {
      if parts.count == 1, path.hasPrefix("/") { break }
      // The host is no folder.
      if StoreLocation.isRemote(path), parts.count <= 4 { break }
      guard let last = parts.popLast() else { break }
      inside.insert(last, at: 0)
      let group = (parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")) + query
      func node() throws(ChunkStoreError) -> ZarrNode? { try ZarrNode.read(in: try StoreLocation.store(at: group), at: "") }
      // What cannot be read on a disk is not the image around it; what cannot be read on the web may be.
      guard case .group(let format, let attributes)? = StoreLocation.isRemote(path) ? try node() : try? node() else { continue }
      let file = groupFile(group, format)
      guard let metadata = try MultiscaleMetadata(attributes: attributes, file: file) else { continue }
      if let level = metadata.datasets.firstIndex(where: { $0.path == inside.joined(separator: "/") }) {
        return (group, file, metadata, level)
      }
    }
    return nil
  }

  static func checkSpacing(_ spacing: [Double], _ what: String) throws(PyramidError) {
    guard spacing.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw PyramidError(
        "\(what) is \(spacing.map { "\($0)" }.joined(separator: ", ")), and each spacing is a number above zero",
        hint: "give the right one with --fixed-spacing or --moving-spacing (other commands: --spacing)")
    }
  }
}
