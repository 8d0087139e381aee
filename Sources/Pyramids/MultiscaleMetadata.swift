// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Volumes

/// What an OME-NGFF group says of its image: versions 0.1 to 0.5.
///
/// https://ngff.openmicroscopy.org/0.5/index.html#multiscales-metadata
struct MultiscaleMetadata {
  /// One `datasets` entry.
  struct Dataset {
    var path: String
    /// `nil` before version 0.4, which had none.
    var transformations: CoordinateTransformations?
  }

  var version: String
  /// `nil` before version 0.3, which had none.
  var axes: [Axis]?
  var datasets: [Dataset]
  var channels: [ImageChannel]
  /// The labels of all channels, also of those without a window.
  var channelLabels: [String]
  /// Rows of the direction matrix, from the `weft` attribute.
  var direction: [[Double]]?

  /// Reads a group's attributes; `nil` where they hold no image.
  init?(attributes: [String: JSON], file: String) throws(PyramidError) {
    let root = JSON.object(attributes)
    // 0.5 keeps its metadata under `ome`.
    let ome = root["ome"] ?? root
    guard let multiscale = ome["multiscales"]?.elements?.first else { return nil }
    version = ome["version"]?.text ?? multiscale["version"]?.text ?? (root["ome"] == nil ? "0.4" : "0.5")
    axes = try Self.axes(multiscale["axes"], file)
    datasets = []
    for entry in multiscale["datasets"]?.elements ?? [] {
      guard let path = entry["path"]?.text else {
        throw PyramidError(
          "\(file): a dataset has no path: \(entry.shown)",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
      var transformations: CoordinateTransformations?
      if let axes, entry["coordinateTransformations"] != nil || multiscale["coordinateTransformations"] != nil {
        var product = CoordinateTransformations(rank: axes.count)
        try product.append(entry["coordinateTransformations"], file: file)
        try product.append(multiscale["coordinateTransformations"], file: file)
        transformations = product
      }
      datasets.append(Dataset(path: path, transformations: transformations))
    }
    guard !datasets.isEmpty else {
      throw PyramidError(
        "\(file): the image has no `datasets`",
        hint: "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5"
      )
    }
    let omero = ome["omero"]?["channels"]?.elements ?? []
    channels = omero.compactMap(ImageChannel.init)
    channelLabels = omero.map { $0["label"]?.text ?? "" }
    direction = try Self.direction(root["weft"]?["direction"], file)
  }

  /// 0.4 and 0.5 list objects, 0.3 names; members may be null.
  private static func axes(_ json: JSON?, _ file: String) throws(PyramidError) -> [Axis]? {
    guard let list = json?.elements else { return nil }
    var axes: [Axis] = []
    for entry in list {
      guard let name = entry.text ?? entry["name"]?.text else {
        throw PyramidError(
          "\(file): an axis has no name: \(entry.shown)",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
      let kind = entry["type"]?.text.map { Axis.Kind(rawValue: $0) ?? .other }
      var axis = Axis(name: name, kind: kind)
      if axis.kind == .space { axis.unit = entry["unit"]?.text.flatMap(LengthUnit.init) }
      guard !axes.contains(where: { $0.name == name }) else {
        throw PyramidError(
          "\(file): two axes are named `\(name)`",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
      axes.append(axis)
    }
    return axes
  }

  private static func direction(_ json: JSON?, _ file: String) throws(PyramidError) -> [[Double]]? {
    guard let json else { return nil }
    let rows = (json.elements ?? []).map { $0.elements?.compactMap(\.number) ?? [] }
    guard !rows.isEmpty, rows.allSatisfy({ $0.count == rows.count }) else {
      throw PyramidError("\(file): the direction \(json.shown) is not a square matrix", hint: "remove the attribute, or give a rotation")
    }
    for (i, a) in rows.enumerated() {
      for (j, b) in rows.enumerated() {
        let product = zip(a, b).map(*).reduce(0, +)
        guard abs(product - (i == j ? 1 : 0)) < 1e-3 else {
          throw PyramidError(
            "\(file): the direction \(json.shown) is not a rotation: rows \(i) and \(j) have the product \(product)",
            hint: "remove the attribute, or give a rotation")
        }
      }
    }
    return rows
  }
}
