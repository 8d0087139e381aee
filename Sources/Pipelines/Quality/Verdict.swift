// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What a block is worth.
public enum Verdict: String, Sendable, CaseIterable, Codable {
  /// The images lie on each other.
  case good
  /// They do not, or share too little to tell.
  case weak
  /// The map folds.
  case folded
  /// The displacement is far from that of a neighbour.
  case jump
  /// Nothing improved on the coarse result, and that does not fit.
  case noGain = "no-gain"
  /// There is no tissue.
  case background
  /// The block lies outside the moving image.
  case outside
  /// The block could not be registered.
  case failed

  /// Whether somebody should look at the block.
  public var isFlagged: Bool {
    switch self {
    case .good, .background, .outside: false
    case .weak, .folded, .jump, .noGain, .failed: true
    }
  }
}

/// Where verdicts change.
public struct VerdictThresholds: Sendable, Equatable, Codable {
  /// The largest residual of a good block, in voxels.
  ///
  /// Of phantoms whose error is known, blocks above 1.5 voxels are told from the others best at 1.2.
  public var residual = 1.2
  /// The least part of the tissue where the residual can be told, in per cent.
  public var evidence = 75.0
  /// The most disagreement with a neighbour, in voxels.
  public var disagreement = 2.0
  /// The most voxels where the whole map folds, in per cent.
  public var folding = 0.0
  /// The least tissue of a core that is judged, in per cent.
  public var tissue = 2.0

  /// The defaults.
  public init() {}

  /// What to think of a block, and why; the reason is empty for a good one.
  func verdict(_ record: BlockRecord) -> (verdict: Verdict, reason: String) {
    switch record.state {
    case .failed: return (.failed, record.message ?? "")
    case .background: return (.background, "no tissue in the fixed image")
    case .outside: return (.outside, "maps outside the moving image")
    case .registered, .noGain: break
    }
    guard let quality = record.quality else {
      return record.state == .noGain ? (.noGain, "no displacement improved on the coarse result") : (.good, "")
    }
    if let message = quality.message { return (.weak, "could not be measured: \(message)") }
    guard quality.tissuePercent >= tissue, let part = quality.evidencePercent else { return (.background, "hardly any tissue in the core") }
    if let folded = quality.foldingPercent, folded > folding { return (.folded, "the map folds in \(Self.text(folded)) % of it") }
    let gained = record.state == .noGain ? Verdict.noGain : .weak
    guard let residual = quality.residual, part >= evidence else {
      return (gained, "too little in common to tell: only in \(Self.text(part)) % of the tissue")
    }
    if residual > self.residual { return (gained, "lies \(Self.text(residual)) voxels off") }
    if let apart = quality.disagreement, apart > disagreement {
      return (.jump, "displaced \(Self.text(apart)) voxels from a neighbour in their overlap")
    }
    return (.good, "")
  }

  private static func text(_ number: Double) -> String { String(format: "%.2g", number) }
}
