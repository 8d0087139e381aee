// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
package import Volumes

/// Numbers from all over an image, read once and in bounded memory: a whole level where one has at most a million voxels, else small boxes
/// that are spread evenly over the coarsest one.
package struct ImageSample: Sendable {
  /// One box that was read.
  struct Part: Sendable {
    var box: Box
    var voxels: VoxelBuffer<Float>
    var space: PhysicalSpace
  }

  let parts: [Part]

  private static let mostVoxels = 1 << 20

  /// Looks at an image of three axes.
  ///
  /// - Throws: errors of reading, naming the file.
  package init(_ image: VolumePyramid) throws {
    if let level = image.levels.first(where: { $0.extent.count <= Self.mostVoxels }) {
      parts = [Part(box: level.extent.box, voxels: try level.read(level.extent.box), space: level.space)]
      return
    }
    let level = image.levels[image.levels.count - 1]
    let isFlat = level.extent[0] == 1
    // 6³ boxes of 16³ voxels, or 8² of 128².
    let (count, side) = isFlat ? (8, 128) : (6, 16)
    let places: [[Int]] = (0..<3).map { axis in
      let length = level.extent[axis]
      if length <= side { return [0] }
      let boxes = min(count, (length + side - 1) / side)
      return (0..<boxes).map { boxes == 1 ? 0 : (length - side) * $0 / (boxes - 1) }
    }
    parts = try Box(lower: [0, 0, 0], upper: places.map(\.count)).indices.map { index in
      try Task.checkCancellation()
      let lower = (0..<3).map { places[$0][index[$0]] }
      let box = Box(lower: lower, upper: (0..<3).map { min(lower[$0] + side, level.extent[$0]) })
      return Part(box: box, voxels: try level.read(box), space: level.space)
    }
  }

  /// The values that are numbers.
  package var values: [Float] { parts.flatMap { $0.voxels.elements.filter(\.isFinite) } }

  /// The middle of what is bright: the mean place of voxels above Otsu's threshold, inside a region.
  ///
  /// - Returns: a voxel of the region; its middle where nothing stands out.
  func middle(of region: Extent, in space: PhysicalSpace) -> [Int] {
    let centre = region.lengths.map { $0 / 2 }
    let values = values
    guard let range = ContrastRange(values), let threshold = Self.threshold(values, range) else { return centre }
    var (sum, count) = ([0.0, 0.0, 0.0], 0.0)
    for part in parts {
      // From voxels of the level to those of the region: an affine map, found at the corners.
      let origin = space.index(of: part.space.world(of: [0, 0, 0]))
      let steps = (0..<3).map { axis in
        zip(space.index(of: part.space.world(of: (0..<3).map { $0 == axis ? 1 : 0 })), origin).map(-)
      }
      var i = 0
      for z in part.box[0] {
        for y in part.box[1] {
          for x in part.box[2] {
            defer { i += 1 }
            guard part.voxels.elements[i] > threshold else { continue }
            let (a, b, c) = (Double(z), Double(y), Double(x))
            let place = (0..<3).map { origin[$0] + a * steps[0][$0] + b * steps[1][$0] + c * steps[2][$0] }
            guard (0..<3).allSatisfy({ place[$0] >= -0.5 && place[$0] < Double(region[$0]) - 0.5 }) else { continue }
            for axis in 0..<3 { sum[axis] += place[axis] }
            count += 1
          }
        }
      }
    }
    guard count > 0 else { return centre }
    return (0..<3).map { min(max(Int((sum[$0] / count).rounded()), 0), region[$0] - 1) }
  }

  /// Otsu's threshold (IEEE Transactions on Systems, Man, and Cybernetics 9, 1979) over 256 steps of the contrast range.
  private static func threshold(_ values: [Float], _ range: ContrastRange) -> Float? {
    var histogram = [Int](repeating: 0, count: 256)
    for value in values { histogram[Int(range.grey(value))] += 1 }
    let total = Double(values.count)
    let sum = histogram.enumerated().map { Double($0.offset) * Double($0.element) }.reduce(0, +)
    var (weight, partial, best) = (0.0, 0.0, (value: 0.0, bin: -1))
    for bin in 0..<255 {
      weight += Double(histogram[bin])
      partial += Double(bin) * Double(histogram[bin])
      guard weight > 0, weight < total else { continue }
      let gap = partial / weight - (sum - partial) / (total - weight)
      let between = weight * (total - weight) * gap * gap
      if between > best.value { best = (between, bin) }
    }
    return best.bin < 0 ? nil : range.low + (range.high - range.low) * Float(best.bin + 1) / 255
  }
}
