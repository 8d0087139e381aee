// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft transform info`
enum TransformInfoCommand {
  static let command = Command<TransformArguments>(
    "transform info", "tell what a transform is: parts, rotation, scale, shear, displacements",
    discussion: [
      TransformArguments.inputs,
      "Parts are told in the order in which a point goes through them. Coordinates are z, y, x in LPS. An affine matrix is told apart as rotation · "
        + "scale · shear. Displacements are looked at on 64 nodes along each axis at the most.",
    ],
    defaults: TransformArguments(),
    positionals: [.value("PATH", at: \.input, "The transform: a file, or the output folder of `weft register`", completion: .file)],
    groups: [
      TransformArguments.reading,
      OptionGroup("Options", [.threads(\.options.threads), .memory(\.options.memory)] + TransformArguments.talking),
    ],
    examples: [
      CommandExample("look at a registration", "weft transform info out"),
      CommandExample("look at a matrix of bigstream", "weft transform info affine.mat --from bigstream"),
    ])

  static let verb = Verb(command) { arguments, console in
    let source = try TransformSource.open(arguments.input, options: arguments.options)
    let description = try TransformDescription(source, threads: arguments.options.threads)
    if arguments.output.json { try console.print(json: description) } else { console.print(text(description)) }
    return .done
  }

  private static func text(_ description: TransformDescription) -> String {
    let unit = description.unit.map { " " + $0 } ?? ""
    let rows = [
      ("path", description.path), ("kind", description.kind), ("rank", "\(description.rank)D"), ("unit", description.unit ?? "not known"),
      ("parts", "\(description.parts.count)"),
    ]
    let parts = description.parts.enumerated().map { "\n\($0 + 1). \($1.kind)\n" + Numbers.table(Self.rows($1, unit)) }
    return ([Numbers.table(rows)] + parts + description.notes.map { "note: \($0)" }).joined(separator: "\n")
  }

  private static func rows(_ part: TransformDescription.Part, _ unit: String) -> [(String, String)] {
    func list(_ values: [Double]) -> String { values.map { Numbers.significant($0) }.joined(separator: " ") }
    func matrix(_ rows: [[Double]]) -> String { rows.map(list).joined(separator: "; ") }
    var rows: [(String, String)] = []
    if let values = part.matrix { rows.append(("  matrix", matrix(values))) }
    if let values = part.offset { rows.append(("  translation", list(values) + unit)) }
    if let angle = part.rotation {
      rows.append(("  rotation", "\(Numbers.significant(angle))°" + (part.axis.map { " about \(list($0))" } ?? "")))
    }
    if let values = part.scale { rows.append(("  scale", list(values))) }
    if let values = part.shear { rows.append(("  shear", list(values))) }
    if let value = part.determinant { rows.append(("  determinant", Numbers.significant(value))) }
    if let values = part.extent { rows.append(("  lattice", Numbers.lengths(values))) }
    if let values = part.spacing { rows.append(("  spacing", list(values) + unit)) }
    if let values = part.origin { rows.append(("  origin", list(values) + unit)) }
    if let values = part.direction { rows.append(("  direction", matrix(values))) }
    if let length = part.largestDisplacement, let voxels = part.largestDisplacementInVoxels, let nodes = part.nodesLookedAt {
      rows.append(
        ("  displacement", "up to \(Numbers.significant(length))\(unit), \(Numbers.significant(voxels)) voxels, at \(nodes) nodes"))
    }
    if let folded = part.foldedCells { rows.append(("  folded cells", "\(folded)")) }
    return rows
  }
}
