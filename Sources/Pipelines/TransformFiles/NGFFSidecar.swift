// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import ImageFiles
internal import Pyramids
internal import Transforms
internal import Volumes

/// Coordinate transformations of OME-NGFF 0.6, which RFC-5 proposed, as a JSON file of the shape of a scene:
/// https://ngff.openmicroscopy.org/0.6/
///
/// The coordinate systems `fixed` and `moving` are what scale and translation of the images' metadata give, axes z, y, x. Displacements lie
/// in a Zarr group beside the file, an image of OME-NGFF 0.6 whose component axis comes first.
struct NGFFSidecar {
  /// The version that files say they follow.
  static let version = "0.6"

  let output: TransformOutput

  init(_ output: TransformOutput) { self.output = output }

  func write(_ result: inout TransformConversion.Result) throws {
    let frame = VoxelFrame.origin
    result.notes += frame.missing(output.from, output.to)
    let lattice = output.map.affine == nil ? try output.lattice(&result) : nil
    let toWorld = (output.from ?? lattice).map { frame.toWorld($0) } ?? .identity(rank: 3)
    let toMoving = output.to.map { frame.fromWorld($0) } ?? .identity(rank: 3)
    // Affine steps at the end stay what they are; all before them becomes one field.
    var bent = output.map.parts
    var linear = AffineTransform.identity(rank: 3)
    while case .affine(let map)? = bent.last {
      linear = linear.after(map)
      bent.removeLast()
    }
    let affine = toMoving.after(linear).after(toWorld).onLast(output.rank)
    var steps: [JSON] = []
    if let lattice {
      let map = PartedMap([.affine(toWorld)] + bent + [.affine(toWorld.inverse!)])
      let group = try displacements(map, placed(lattice, toWorld.inverse!), &result)
      steps.append(["type": "displacements", "path": .string(group), "interpolation": "linear"])
    }
    steps.append(["type": "affine", "affine": .array(zip(affine.matrix, affine.offset).map { .reals($0 + [$1]) })])
    var transformation: [String: JSON]
    if steps.count == 1 {
      transformation = steps[0].members!
    } else {
      transformation = ["type": "sequence", "transformations": .array(steps)]
    }
    transformation["name"] = "fixed to moving"
    transformation["input"] = ["name": "fixed"]
    transformation["output"] = ["name": "moving"]
    let document: JSON = [
      "ome": [
        "version": .string(Self.version),
        "scene": [
          "coordinateSystems": [system("fixed"), system("moving")], "coordinateTransformations": [.object(transformation)],
        ],
      ]
    ]
    try ImageFile.writeWhole(document.encoded() + [10], to: output.path)
  }

  private var axes: [JSON] {
    ["z", "y", "x"].suffix(output.rank).map { name in
      var axis: [String: JSON] = ["name": .string(name), "type": "space"]
      if let unit = output.unit { axis["unit"] = .string(unit.name) }
      return .object(axis)
    }
  }

  private func system(_ name: String) -> JSON { ["name": .string(name), "axes": .array(axes)] }

  /// A lattice as the fixed image's coordinates have it.
  ///
  /// - Throws: `PipelineError` where it is turned against them, which scale and translation cannot tell.
  private func placed(_ lattice: FieldLattice, _ fromWorld: AffineTransform) throws -> FieldLattice {
    let turned = AffineTransform(matrix: fromWorld.matrix, offset: [0, 0, 0]).after(
      AffineTransform(matrix: lattice.space.direction, offset: [0, 0, 0]))
    let straight = AffineTransform.identity(rank: 3).matrix.flatMap(\.self)
    guard zip(turned.matrix.flatMap(\.self), straight).allSatisfy({ abs($0 - $1) < 1e-6 }) else {
      throw PipelineError(
        "\(output.path): the image that --like names is turned against the fixed image, and OME-NGFF places fields by scale and translation",
        hint: "leave --like out; --spacing sets how far apart nodes are")
    }
    var place = lattice
    place.space.origin = fromWorld(lattice.space.origin)
    place.space.direction = PhysicalSpace.identity(rank: 3)
    return place
  }

  /// Writes the field beside the file, and tells its name.
  private func displacements(_ map: PartedMap, _ lattice: FieldLattice, _ result: inout TransformConversion.Result) throws -> String {
    let url = URL(fileURLWithPath: output.path)
    let name = url.deletingPathExtension().lastPathComponent + ".displacements.zarr"
    let path = url.deletingLastPathComponent().appendingPathComponent(name).path
    let threads = try output.threads(beside: 0, nodes: lattice.extent.count, on: lattice)
    let rank = output.rank
    let components: JSON = ["name": "c", "type": "displacement", "discrete": true]
    let image: JSON = [
      "name": .string(name),
      "coordinateSystems": [["name": "physical", "axes": .array([components] + axes)]],
      "datasets": [
        [
          "path": "0",
          "coordinateTransformations": [
            [
              "type": "sequence", "input": ["path": "0"], "output": ["name": "physical"],
              "transformations": [
                ["type": "scale", "scale": .reals([1] + lattice.space.spacing.suffix(rank))],
                ["type": "translation", "translation": .reals([0] + lattice.space.origin.suffix(rank))],
              ],
            ]
          ],
        ]
      ],
    ]
    let (findings, _) = try FieldImage.write(
      output.sampler(map, on: lattice), rank: rank, to: path, quantizedTo: nil, threads: threads, replacing: output.options.overwrite,
      attributes: ["ome": ["version": .string(Self.version), "multiscales": [image]]])
    output.note(findings, on: lattice, &result)
    result.notes.append("displacements lie in \(path), beside \(url.lastPathComponent)")
    return name
  }
}
