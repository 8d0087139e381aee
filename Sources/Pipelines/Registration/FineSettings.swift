// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Registration

/// How blocks are registered.
struct FineSettings: Sendable {
  var accuracy: Accuracy
  /// What is maximised, never `auto`.
  var metric: RegistrationMetric
  /// Of the Gaussian that smooths the whole displacement after each step, in voxels; `nil` goes by the images' noise.
  var smoothing: Double?
  /// How far around its core a block is read, at least its halo; `nil` for the halo.
  var reach: Extent?

  /// As a run is asked to.
  init(_ options: RegistrationOptions, _ metric: RegistrationMetric) {
    accuracy = options.accuracy
    self.metric = metric
  }

  /// What is read for a block.
  func box(of block: Block, in grid: BlockGrid) -> Box {
    guard let reach else { return block.extended }
    return block.extended.union(block.core.expanded(by: reach.lengths).intersection(grid.extent.box))
  }
}
