// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Segmentation
public import Volumes

/// How well the objects of a label image are those of another of one lattice, whatever they are called.
public struct ObjectDetection: Sendable, Hashable {
  /// The least intersections over union of a match that are looked at; at 1 objects are equal voxel by voxel.
  public static let thresholds = [0.5, 0.6, 0.7, 0.8, 0.9, 1]

  /// The scores at the thresholds, in their order.
  public let scores: [DetectionScore]

  /// Compares two label images, chunk by chunk.
  ///
  /// - Throws: `PipelineError` where they differ in extent or are not whole numbers; errors of reading.
  /// - Complexity: O(voxels) time; memory for some chunks and the pairs of labels that meet.
  public init(of found: LazyVolume, truth: LazyVolume) throws { try self.init(of: [found], truth: [truth]) }

  /// Compares the time points of two label images, one by one: an object is one of a time point, also where one of another has its label.
  ///
  /// - Throws: `PipelineError` where there are more of one image, or they differ in extent or are not whole numbers; errors of reading.
  public init(of found: [LazyVolume], truth: [LazyVolume]) throws {
    try LabelOverlap.requireTimes(found, truth)
    var times: [[DetectionScore]] = []
    for (found, truth) in zip(found, truth) {
      try LabelOverlap.requireLabels(found, truth)
      var overlaps = LabelOverlaps()
      for tile in LabelOverlap.tiles(found) {
        let (a, b) = (try found.source.read(tile, as: UInt64.self), try truth.source.read(tile, as: UInt64.self))
        let (labels, other) = (a.span, b.span)
        for i in labels.indices { overlaps.add(labels[i], other[i]) }
      }
      times.append(Self.thresholds.map { DetectionScore(overlaps, threshold: $0) })
    }
    scores = Self.thresholds.indices.map { index in DetectionScore(sumOf: times.map { $0[index] }) }
  }
}
