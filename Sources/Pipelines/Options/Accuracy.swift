// SPDX-License-Identifier: Apache-2.0

internal import Registration

/// How much work each stage does.
public enum Accuracy: String, Sendable, CaseIterable, Codable {
  /// A quick look: half resolution, few iterations.
  case draft
  /// The default.
  case normal
  /// Until nothing more is gained.
  case high
}

extension DeformableOptions {
  /// The engine's settings for a stage.
  ///
  /// - Parameter isOfMeans: whether finer voxels than those at hand are still to come, to which what differs from one voxel to the next is
  ///   left: it is then not taken for noise.
  init(_ accuracy: Accuracy, _ metric: RegistrationMetric, isOfMeans: Bool, threads: Int) {
    self =
      switch accuracy {
      case .draft: .draft
      case .normal: .normal
      case .high: .high
      }
    self.metric = DeformableMetric(metric)
    self.threads = threads
    self.isOfMeans = isOfMeans
  }
}

extension DeformableMetric {
  /// What a block is registered by: the first of these that makes its images more alike.
  ///
  /// Images of different kinds are led near by mutual information; from there local correlation of either sign is finer, and needs no
  /// histogram of a block that may have little in it. Where that lowers what the images tell of each other, as it does where contrast turns
  /// inside a window, mutual information goes on.
  static func ofBlocks(_ metric: RegistrationMetric, isOfMeans: Bool) -> [DeformableMetric] {
    metric == .mi && !isOfMeans ? [.lncc(anySign: true), .mutualInformation()] : [DeformableMetric(metric)]
  }
}

extension AffineOptions {
  init(_ accuracy: Accuracy, _ metric: RegistrationMetric, engine: RegistrationEngine, threads: Int) {
    self.init()
    self.metric = metric
    self.threads = threads
    self.engine = engine == .itk ? .itk : .weft
    switch accuracy {
    case .draft: samples = 20_000
    case .normal: break
    case .high: samples = 150_000
    }
  }
}

extension SyNOptions {
  init(_ accuracy: Accuracy, _ metric: RegistrationMetric) {
    self.init()
    self.metric = metric
    let factor: (Int) -> Int =
      switch accuracy {
      case .draft: { $0 / 2 }
      case .normal: { $0 }
      case .high: { $0 * 2 }
      }
    for level in levels.indices { levels[level].iterations = max(1, factor(levels[level].iterations)) }
  }
}
