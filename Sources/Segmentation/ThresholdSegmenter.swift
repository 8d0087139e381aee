// SPDX-License-Identifier: Apache-2.0

public import Volumes

/// Connected components of the voxels above a threshold: those that share a face.
///
/// Where several channels are chosen, a voxel above its threshold in any of them is foreground; NaN and infinities are above none. Merged across faces (`MergeRule.face`), the
/// components of tiles are those of the whole image, whatever the tiles.
public struct ThresholdSegmenter: Segmenter {
  /// The value that foreground is above, for each channel; one value holds for all; `nil` for Otsu's threshold of each channel.
  public var thresholds: [Double]?

  /// Components above given values.
  public init(thresholds: [Double]? = nil) { self.thresholds = thresholds }

  public var requirements: SegmenterRequirements {
    var requirements = SegmenterRequirements()
    requirements.channels = 1...Int.max
    requirements.bytesPerVoxel = 22
    return requirements
  }

  public func segment(_ tile: SegmentationTile, _ context: SegmentationContext) throws -> VoxelBuffer<UInt32> {
    var mask = VoxelBuffer<UInt8>(extent: tile.extent)
    for (index, channel) in tile.channels.enumerated() {
      let threshold = thresholds.map { $0[min(index, $0.count - 1)] } ?? context.statistics[index].otsuThreshold()
      var marked = mask.mutableSpan
      let values = channel.span
      // Compared in double precision: a threshold need not be a Float.
      for i in values.indices where values[i].isFinite && Double(values[i]) > threshold { marked[i] = 1 }
    }
    return connectedComponents(of: mask)
  }
}
