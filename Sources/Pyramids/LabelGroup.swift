// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation

/// The label images of an OME-Zarr image: its group `labels`, which lists them. https://ngff.openmicroscopy.org/0.5/index.html#labels-metadata
public struct LabelGroup: Sendable {
  /// The image.
  public let image: String
  /// Its OME-NGFF version, which its labels share.
  public let version: OMEVersion
  /// How many levels the image has, and so its labels.
  public let levelCount: Int

  /// The labels of an image, which need not have any yet.
  ///
  /// - Throws: `PyramidError` where the path is no OME-Zarr image of version 0.4 or 0.5; `ChunkStoreError` where it cannot be read.
  public init(of path: String) throws {
    image = OMEImage.trimmed(path)
    if let place = StoreLocation.readOnlyPlace(path) {
      throw PyramidError(
        "\(path) lies \(place), which is read and not written",
        hint: "write the labels beside a local copy, with --output")
    }
    guard case .group(let format, let attributes)? = try ZarrNode.read(in: LocalStore(directory: image), at: ""),
      let metadata = try MultiscaleMetadata(attributes: attributes, file: OMEImage.groupFile(image, format)),
      let version = OMEVersion(rawValue: metadata.version)
    else {
      throw PyramidError(
        "\(path) is no OME-Zarr image of version 0.4 or 0.5, and labels can be put into such images alone",
        hint: "name the image itself, not a level of it, or write the labels beside it with --output")
    }
    self.version = version
    levelCount = metadata.datasets.count
  }

  /// Where a label image of that name lies.
  public func path(of name: String) -> String { "\(image)/labels/\(name)" }

  /// The names of the label images that are listed.
  ///
  /// - Throws: `ChunkStoreError` where the list cannot be read.
  public func names() throws -> [String] { try listed().names }

  private func listed() throws -> (attributes: [String: JSON], names: [String]) {
    guard case .group(_, let attributes)? = try ZarrNode.read(in: LocalStore(directory: image), at: "labels") else { return ([:], []) }
    let list = (version == .v04 ? attributes["labels"] : attributes["ome"]?["labels"])?.elements ?? []
    return (attributes, list.compactMap(\.text))
  }

  /// Lists a label image that lies there; what the group says else stays.
  ///
  /// - Throws: `ChunkStoreError` where the group cannot be read or written.
  public func add(_ name: String) throws {
    // One process at a time, or entries are lost; the file goes with the last one.
    let path = "\(image)/labels/.weft-lock"
    guard let lock = try FileLock(path, patience: .seconds(60)) else {
      throw PyramidError("\(image)/labels is being changed by another process", hint: "give the same command again when it is done")
    }
    defer {
      unsafe unlink(path)
      withExtendedLifetime(lock) {}
    }
    var (attributes, names) = try listed()
    if names.contains(name) { return }
    names.append(name)
    let list = JSON.array(names.map(JSON.string))
    switch version {
    case .v04: attributes["labels"] = list
    case .v05:
      var ome = attributes["ome"]?.members ?? [:]
      ome["version"] = .string(version.rawValue)
      ome["labels"] = list
      attributes["ome"] = .object(ome)
    }
    try ZarrNode.writeGroup(version.zarrFormat, attributes: attributes, in: LocalStore(directory: image), at: "labels")
  }

  /// Checks that a label image can be listed: before anything is done for one that could not be.
  ///
  /// - Throws: `PyramidError` where the list cannot be read, or something else is in its place.
  public func checkList() throws(PyramidError) {
    let way = "move \(image)/labels away, or write the labels beside the image with --output"
    let node: ZarrNode?
    do {
      node = try ZarrNode.read(in: LocalStore(directory: image), at: "labels")
    } catch {
      throw PyramidError("the labels of \(image) cannot be listed: \(error.message)", hint: way)
    }
    if case .array? = node {
      throw PyramidError("\(image)/labels is an array, and the group of the image's labels belongs there", hint: way)
    }
  }
}
