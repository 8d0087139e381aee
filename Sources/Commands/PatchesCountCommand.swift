// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Foundation
internal import Weft

/// What `patches count` is asked.
struct PatchesCountArguments: TalkingArguments {
  var specification = ""
  var part: DatasetSplit.Part?
  var output = OutputArguments()
}

/// `weft patches count`
enum PatchesCountCommand {
  static let command = Command<PatchesCountArguments>(
    "patches count", "tell how much there is of each class, and weights that even them out",
    discussion: [
      "Counts the voxels of each class, as many as there would be at the scale of the first target array, within what all images of a dataset "
        + "share. The weight of a class is its background over its foreground. Counts are kept in SPEC.counts, and made anew where an image "
        + "was changed; nothing is written into an input."
    ],
    defaults: PatchesCountArguments(),
    positionals: [.value("SPEC", at: \.specification, "The specification, a JSON file", completion: .file)],
    groups: [
      OptionGroup(
        "Options",
        [.value("--split", at: \.part, "PART", "train or validate", fallback: "the specification's, else train")]
          + PatchesCountArguments.talking)
    ], examples: [CommandExample("count classes", "weft patches count spec.json --json")])

  static let verb = Verb(command) { arguments, console in
    var specification = try PatchSpecification(file: arguments.specification)
    if let part = arguments.part { specification.part = part }
    let dataset = try specification.opened(specification.part) { console.warn($0) }
    let record = CountsRecord(ClassCensus.sum(try specification.censuses(of: dataset) { console.warn($0) }), specification.classes)
    if arguments.output.json { try console.print(json: record.classes) } else { console.print(record.text) }
    return .done
  }
}

/// What is printed of counts.
private struct CountsRecord {
  struct Row: Encodable {
    let name: String
    let voxels: Double
    let known: Double
    let weight: Double
  }

  let classes: [Row]

  init(_ counts: [String: ClassCensus.Count], _ names: [String]) {
    let weights = ClassCensus.weights(counts)
    classes = names.map { name in
      Row(name: name, voxels: counts[name]?.present ?? 0, known: counts[name]?.known ?? 0, weight: weights[name] ?? 1)
    }
  }

  var text: String {
    let width = max(5, classes.map(\.name.count).max() ?? 0)
    let head = "class".padding(toLength: width, withPad: " ", startingAt: 0) + "          voxels           known      weight"
    return
      ([head]
      + classes.map { row in
        row.name.padding(toLength: width, withPad: " ", startingAt: 0)
          + String(format: " %15.0f %15.0f %11.4g", row.voxels, row.known, row.weight)
      }).joined(separator: "\n")
  }
}
