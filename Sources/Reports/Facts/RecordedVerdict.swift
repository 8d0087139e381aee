// SPDX-License-Identifier: Apache-2.0

internal import Pipelines

/// What is thought of a block: the column `verdict` of `blocks.csv`, else what its state alone tells.
package struct RecordedVerdict: Hashable, Sendable {
  /// The word in the table.
  package let name: String

  static let failed = RecordedVerdict(name: "failed")
  static let folded = RecordedVerdict(name: "folded")
  static let jump = RecordedVerdict(name: "jump")
  static let weak = RecordedVerdict(name: "weak")
  static let noGain = RecordedVerdict(name: "no-gain")
  static let outside = RecordedVerdict(name: "outside")
  static let good = RecordedVerdict(name: "good")
  /// A displacement was found, and nobody judged it.
  static let registered = RecordedVerdict(name: "registered")
  static let background = RecordedVerdict(name: "background")

  /// All that are known, the gravest first.
  static let known: [RecordedVerdict] = [failed, folded, jump, weak, noGain, outside, registered, good, background]

  /// How grave it is, from 0 for the gravest; a word that is not known comes behind those that call for a look.
  var gravity: Int { Self.known.firstIndex(of: self) ?? 4 }

  /// Whether the block should be looked at.
  package var isFlagged: Bool { Verdict(rawValue: name)?.isFlagged ?? false }

  /// One letter that stands for it in the map of blocks; empty where nothing is to be said.
  var mark: String {
    switch self {
    case .failed: "X"
    case .folded: "F"
    case .jump: "J"
    case .weak: "W"
    case .noGain: "="
    case .outside: "O"
    case .background: "·"
    case .good, .registered: ""
    default: "?"
    }
  }

  /// What it means, in a line.
  var meaning: String {
    switch self {
    case .failed: "could not be registered; the coarse result stands there"
    case .folded: "the map folds: places change order"
    case .jump: "its displacement does not fit that of its neighbours"
    case .weak: "the images agree poorly there, or hold little to go by"
    case .noGain: "the coarse result does not fit, and no displacement improved on it"
    case .outside: "it maps outside the moving image"
    case .good: "registered, and nothing speaks against it"
    case .registered: "a displacement was found that improves the metric"
    case .background: "the fixed image has no foreground there"
    default: "a verdict that this version of the report does not know"
    }
  }
}
