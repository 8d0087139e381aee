// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Volumes

extension MultiscaleMetadata {
  /// The attributes of an image's group: `multiscales`, `omero` where there are channels, and `weft` where the direction is not the
  /// identity. https://ngff.openmicroscopy.org/0.5/index.html#multiscales-metadata
  static func attributes(of layout: PyramidLayout, _ levels: [PyramidWriter.Level], name: String) -> [String: JSON] {
    var multiscale: [String: JSON] = [
      "name": .string(name),
      "axes": .array(layout.axes.map(json)),
      "datasets": .array(levels.indices.map { dataset($0, layout, levels[$0]) }),
      "type": .string(layout.downsampling.rawValue),
      "metadata": [
        "method": .string(layout.downsampling.rawValue),
        "description": .string(layout.downsampling.explanation),
      ],
    ]
    var members: [String: JSON] = [:]
    if !layout.channels.isEmpty { members["omero"] = ["channels": .array(layout.channels.map(\.json))] }
    // https://ngff.openmicroscopy.org/0.5/index.html#label-metadata
    if layout.isLabels {
      var label: [String: JSON] = layout.version == .v04 ? ["version": "0.4"] : [:]
      if let image = layout.labelledImage { label["source"] = ["image": .string(image)] }
      members["image-label"] = .object(label)
    }
    switch layout.version {
    case .v04:
      multiscale["version"] = "0.4"
      members["multiscales"] = [.object(multiscale)]
    case .v05:
      members["version"] = "0.5"
      members["multiscales"] = [.object(multiscale)]
      members = ["ome": .object(members)]
    }
    var notes = layout.notes
    if layout.space.direction != PhysicalSpace.identity(rank: layout.space.rank) {
      notes["direction"] = .array(layout.space.direction.map(JSON.reals))
    }
    if !notes.isEmpty { members["weft"] = .object(notes) }
    return members
  }

  private static func json(_ axis: Axis) -> JSON {
    var members: [String: JSON] = ["name": .string(axis.name)]
    if axis.kind != .other { members["type"] = .string(axis.kind.rawValue) }
    if let unit = axis.unit { members["unit"] = .string(unit.name) }
    return .object(members)
  }

  /// Scale and translation of a level. The translation has no direction in it: half-pixel shifts run along the image's own axes.
  private static func dataset(_ index: Int, _ layout: PyramidLayout, _ level: PyramidWriter.Level) -> JSON {
    let leading = layout.leadingAxes.count
    let shift = zip(level.factors, layout.space.spacing).map { layout.downsampling == .stride ? 0 : (Double($0) - 1) / 2 * $1 }
    let translation = zip(layout.space.origin, shift).map(+)
    return [
      "path": .string("\(index)"),
      "coordinateTransformations": [
        ["type": "scale", "scale": .reals([Double](repeating: 1, count: leading) + level.space.spacing)],
        ["type": "translation", "translation": .reals([Double](repeating: 0, count: leading) + translation)],
      ],
    ]
  }
}
