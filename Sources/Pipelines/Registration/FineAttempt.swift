// SPDX-License-Identifier: Apache-2.0

internal import Registration

/// How a block is registered.
public enum FineAttempt: String, Sendable, CaseIterable, Codable {
  /// As all blocks are.
  case planned
  /// With a halo twice as wide: more lies within the search.
  case widerHalo = "wider-halo"
  /// With a displacement that bends less: there is less to be led astray by.
  case smoother
  /// By mutual information where local correlation was maximised, and by local correlation of one sign where images are of different kinds.
  case otherMetric = "other-metric"
  /// By `weft refine`, with settings of its own.
  case refined

  /// What is maximised: the first of these that makes the images more alike.
  func metrics(_ metric: RegistrationMetric, isOfMeans: Bool) -> [DeformableMetric] {
    guard self == .otherMetric else { return DeformableMetric.ofBlocks(metric, isOfMeans: isOfMeans) }
    return metric == .mi ? [.lncc()] : [.mutualInformation()]
  }
}
