// SPDX-License-Identifier: Apache-2.0

import Grids
import Pipelines
import Synchronization
import Testing
import Volumes

/// Which level the intensities of an image are measured on.
struct MeasuredLevelTests {
  /// Two levels of one value each, which count the voxels that are read of them.
  private final class Level: VoxelSource {
    let extent: Extent
    let value: Double
    let voxelType = VoxelType.uint8
    let voxelsRead = Atomic<Int>(0)
    var chunk: Extent { Extent(extent.lengths.map { min($0, 1024) }) }

    init(_ extent: Extent, value: Double) { (self.extent, self.value) = (extent, value) }

    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
      voxelsRead.add(box.count, ordering: .relaxed)
      return VoxelBuffer(extent: box.extent, repeating: Voxel.saturating(real: value))
    }
  }

  /// An image whose finest level has more than 67 million voxels is measured on the first level that has fewer, and on no other.
  @Test(arguments: [([8000, 8000], 0), ([9000, 9000], 1)], [nil, 40.0])
  func largeImagesAreMeasuredOnACoarserLevel(image: ([Int], Int), threshold: Double?) throws {
    let (lengths, measured) = image
    let levels = (0..<3).map { step in Level(Extent(lengths.map { $0 >> step }), value: 50) }
    let space = PhysicalSpace(spacing: [1, 1], unit: .micrometer)
    let stored = StoredImage(
      path: "/nowhere/image", format: "OME-Zarr 0.5", axes: ["y", "x"].map { Axis(name: $0) },
      levels: levels.enumerated().map { step, level in
        .init(source: level, space: space.downsampled(by: [1 << step, 1 << step]), name: "\(step)")
      }, isColour: false)
    var options = SegmentationOptions()
    options.method = .threshold
    options.threshold = threshold
    options.tileShape = [100]
    _ = try ChunkedSegmentation(stored, options: options).segmentTile(at: [1, 1])
    // A threshold that is given needs no measuring.
    let tile = 102 * 102
    for (step, level) in levels.enumerated() {
      let read = level.voxelsRead.load(ordering: .relaxed)
      let isMeasured = step == measured && threshold == nil
      #expect(isMeasured ? read >= level.extent.count : read <= (step == 0 ? tile : 0), "level \(step): \(read)")
    }
  }
}
