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
  public init(of found: LazyVolume, truth: LazyVolume) throws {
    try LabelOverlap.requireLabels(found, truth)
    var overlaps = LabelOverlaps()
    for tile in LabelOverlap.tiles(found) {
      let (a, b) = (try found.source.read(tile, as: UInt64.self), try truth.source.read(tile, as: UInt64.self))
      let (labels, other) = (a.span, b.span)
      for i in labels.indices { overlaps.add(labels[i], other[i]) }
    }
    scores = Self.thresholds.map { DetectionScore(overlaps, threshold: $0) }
  }
}
