// SPDX-License-Identifier: Apache-2.0

internal import Weft

/// What is printed of an evaluation.
struct EvaluationRecord: Encodable {
  /// Overlap with its means, which the entries alone do not show.
  struct Overlap: Encodable {
    let labels: Int
    let meanDice: Double
    let meanJaccard: Double
    let entries: [Entry]

    struct Entry: Encodable {
      let label: UInt64
      let dice: Double
      let jaccard: Double
      let first: Int
      let second: Int
    }

    init(_ overlap: LabelOverlap) {
      labels = overlap.entries.count
      meanDice = overlap.meanDice
      meanJaccard = overlap.meanJaccard
      entries = overlap.entries.map { Entry(label: $0.label, dice: $0.dice, jaccard: $0.jaccard, first: $0.first, second: $0.second) }
    }
  }

  /// Objects that match, at several thresholds.
  struct Objects: Encodable {
    let scores: [Score]

    struct Score: Encodable {
      let threshold: Double
      let averagePrecision: Double
      let precision: Double
      let recall: Double
      let truePositives: Int
      let falsePositives: Int
      let falseNegatives: Int
    }

    init(_ detection: ObjectDetection) {
      scores = zip(ObjectDetection.thresholds, detection.scores).map { threshold, score in
        Score(
          threshold: threshold, averagePrecision: score.averagePrecision, precision: score.precision, recall: score.recall,
          truePositives: score.truePositives, falsePositives: score.falsePositives, falseNegatives: score.falseNegatives)
      }
    }
  }

  var endPointErrors: EndPointErrors?
  var landmarkErrors: LandmarkErrors?
  var overlap: Overlap?
  var objects: Objects?
  var similarity: ImageSimilarity?

  var text: String {
    [endPointErrors.map(text), landmarkErrors.map(text), overlap.map(text), objects.map(text), similarity.map(text)].compactMap(\.self)
      .joined(separator: "\n\n")
  }

  private static let heading = ["mean", "median", "95 %", "max", "points"]

  private func row(_ name: String, _ errors: Distribution, digits: Int = 3) -> [String] {
    [name] + [errors.mean, errors.median, errors.percentile95, errors.largest].map { Numbers.text($0, digits: digits) } + [
      "\(errors.count)"
    ]
  }

  private func text(_ errors: EndPointErrors) -> String {
    Numbers.columns([
      ["end-point error (voxels)"] + Self.heading, row("foreground, before", errors.foreground.before),
      row("foreground, after", errors.foreground.after), row("all, before", errors.all.before), row("all, after", errors.all.after),
    ])
  }

  private func text(_ errors: LandmarkErrors) -> String {
    var rows = [["landmark error (\(errors.unit ?? "physical units"))"] + Self.heading, row("before", errors.before)]
    if let after = errors.after { rows.append(row("after", after)) }
    if let diagonal = errors.diagonal, diagonal > 0 {
      rows.append(row("before, % of diagonal", errors.before.scaled(by: 100 / diagonal)))
      if let after = errors.after { rows.append(row("after, % of diagonal", after.scaled(by: 100 / diagonal))) }
    }
    return Numbers.columns(rows)
  }

  private func text(_ overlap: Overlap) -> String {
    let shown = overlap.entries.prefix(40)
    let entries = shown.map { ["\($0.label)", Numbers.text($0.dice, digits: 4), Numbers.text($0.jaccard, digits: 4)] }
    let mean = ["mean of \(overlap.labels)", Numbers.text(overlap.meanDice, digits: 4), Numbers.text(overlap.meanJaccard, digits: 4)]
    let rest = overlap.labels > shown.count ? "\n(the first \(shown.count) labels; --json lists all)" : ""
    return Numbers.columns([["label", "Dice", "Jaccard"]] + entries + [mean]) + rest
  }

  private func text(_ objects: Objects) -> String {
    let rows = objects.scores.map { score in
      [
        "\(score.threshold)", Numbers.text(score.averagePrecision, digits: 4), Numbers.text(score.precision, digits: 4),
        Numbers.text(score.recall, digits: 4), "\(score.truePositives)", "\(score.falsePositives)", "\(score.falseNegatives)",
      ]
    }
    return Numbers.columns([["objects, IoU of a match", "TP/(TP+FP+FN)", "precision", "recall", "TP", "FP", "FN"]] + rows)
  }

  private func text(_ similarity: ImageSimilarity) -> String {
    Numbers.table([
      ("correlation, foreground", Numbers.text(similarity.foregroundCorrelation, digits: 4)),
      ("local correlation, foreground", Numbers.text(similarity.localCorrelation, digits: 4)),
      ("correlation, all", Numbers.text(similarity.correlation, digits: 4)), ("foreground voxels", "\(similarity.foregroundVoxels)"),
    ])
  }
}
