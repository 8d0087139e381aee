// SPDX-License-Identifier: Apache-2.0

internal import Weft

/// What is printed of a transform that was written.
struct TransformRecord: Encodable {
  let output: String
  let format: String
  let nodes: [Int]?
  let spacing: [Double]?
  let unit: String?
  let largestDifference: Double?
  let foldedCells: Int
  let largestResidual: Double?
  let unresolved: Int
  let quantizationError: Double?
  let landmarks: Int?
  let notes: [String]
  /// Of the process, by the time the record is made, in bytes.
  let peakMemory = PeakMemory.bytes()

  init(_ result: TransformConversion.Result) {
    output = result.output
    format = result.format.rawValue
    nodes = result.nodes
    spacing = result.spacing
    unit = result.unit
    largestDifference = result.largestDifference
    foldedCells = result.folded
    largestResidual = result.largestResidual
    unresolved = result.unresolved
    quantizationError = result.quantizationError
    landmarks = result.landmarks
    notes = result.notes
  }

  var text: String {
    let unit = unit.map { " " + $0 } ?? ""
    var rows: [(String, String)] = []
    if let nodes, let spacing {
      rows.append(("nodes", "\(Numbers.lengths(nodes)), \(spacing.map { Numbers.significant($0) }.joined(separator: " "))\(unit) apart"))
    }
    if let largestDifference { rows.append(("between nodes", "off by \(Numbers.significant(largestDifference)) voxels at the most")) }
    if let quantizationError { rows.append(("16 bits", "off by \(Numbers.significant(quantizationError))\(unit) at the most")) }
    if let largestResidual { rows.append(("inverse", "off by \(Numbers.significant(largestResidual)) voxels at the most")) }
    if let landmarks { rows.append(("landmarks", "\(landmarks)")) }
    rows += [("peak memory", MemoryBudget.describe(peakMemory)), ("result", output)]
    return ([Numbers.table(rows)] + notes.map { "note: \($0)" }).joined(separator: "\n")
  }

  /// Runs a conversion and prints what became of it.
  static func run(_ inputs: [String], to output: String, _ arguments: TransformArguments, _ console: Console) throws -> ExitStatus {
    Interruption.unfinished(file: output)
    let result = try TransformConversion(inputs, options: arguments.options).run(output: output)
    let record = TransformRecord(result)
    if result.folded > 0 {
      console.warn(
        "\(result.folded) cells between the nodes are turned inside out: the transform folds there"
          + (arguments.options.inverse ? "" : ", and has no one inverse"))
    }
    if result.unresolved > 0 {
      console.warn(
        "\(result.unresolved) points of the inverse are off by more than \(arguments.options.tolerance) voxels: the transform folds there, or "
          + "leads out of its lattice")
    }
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }
}
