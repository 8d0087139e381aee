// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Pipelines
import Segmentation
import TestSupport
import Volumes

/// An image of nuclei with the labels that are right.
struct SampleNuclei {
  let image: VoxelBuffer<Float>
  let truth: VoxelBuffer<UInt32>

  /// One of the shared images: `2d` or `3d`.
  static func shared(_ name: String) throws -> SampleNuclei {
    func volume(_ kind: String) throws -> Volume {
      try ImageFile.open(path: sharedData!.appendingPathComponent("nuclei/\(kind)\(name).tif").path).volumes().finest.load()
    }
    return SampleNuclei(image: try volume("img").voxels, truth: try volume("mask").voxels.converted(to: UInt32.self))
  }

  /// A phantom's fixed image.
  static func phantom(_ shape: [Int], seed: UInt64, contents: PhantomContents) throws -> SampleNuclei {
    let truth = try PhantomTruth(
      seed: seed, shape: shape, spacing: shape.map { _ in 1 }, unit: .micrometer, displacement: nil,
      contents: contents)
    func source(_ content: PhantomSource.Content) -> PhantomSource {
      PhantomSource(truth: truth, content: content, isFixed: true, voxelType: .uint16, chunk: [64, 64, 64])
    }
    let box = Extent(shape).box
    return SampleNuclei(
      image: try source(.light).read(box, as: Float.self), truth: try source(.labels).read(box, as: UInt32.self))
  }

  /// Balls with soft edges and noise, of one diameter along each axis.
  ///
  /// - Parameter gap: how many diameters their middles are apart at the least: above 1 they touch no other.
  static func balls(_ extent: Extent, diameter: [Double], count: Int, seed: UInt64, noise: Float = 3, gap: Double = 1.1) -> SampleNuclei {
    var generator = SeededGenerator(seed: seed)
    var image = VoxelBuffer<Float>(extent: extent, repeating: 20)
    var truth = VoxelBuffer<UInt32>(extent: extent)
    var centres: [[Double]] = []
    for _ in 0..<count * 200 where centres.count < count {
      let centre = (0..<extent.rank).map { Double.random(in: diameter[$0] / 2..<Double(extent[$0]) - diameter[$0] / 2, using: &generator) }
      let isFree = centres.allSatisfy { normalised($0, centre, diameter) > gap }
      if isFree { centres.append(centre) }
    }
    for (label, centre) in centres.enumerated() {
      let height = Float.random(in: 60...240, using: &generator)
      let lower = (0..<extent.rank).map { max(0, Int(centre[$0] - diameter[$0])) }
      let upper = (0..<extent.rank).map { min(extent[$0], Int(centre[$0] + diameter[$0]) + 2) }
      for index in Box(lower: lower, upper: upper).indices {
        let distance = 2 * normalised(index.map(Double.init), centre, diameter)
        let cover = 1 / (1 + exp((distance - 1) * 12))
        image[index] += height * Float(cover)
        if distance <= 1 { truth[index] = UInt32(label + 1) }
      }
    }
    for i in image.elements.indices { image.elements[i] += Float.random(in: -noise...noise, using: &generator) }
    return SampleNuclei(image: image, truth: truth)
  }

  /// What is measured on the whole image.
  var context: SegmentationContext { SegmentationContext(statistics: [statistics(of: image)]) }

  /// Of all objects, the diameter of a disc of the median area in 2D, the median box along each axis in 3D.
  var diameter: [Double] {
    var boxes: [UInt32: (lower: [Int], upper: [Int], count: Int)] = [:]
    for (i, index) in truth.extent.box.indices.enumerated() where truth.elements[i] != 0 {
      var box = boxes[truth.elements[i]] ?? (index, index, 0)
      box = (zip(box.lower, index).map(min), zip(box.upper, index).map(max), box.count + 1)
      boxes[truth.elements[i]] = box
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    if truth.extent.rank == 2 { return [2 * (median(boxes.values.map { Double($0.count) }) / .pi).squareRoot()] }
    return (0..<3).map { axis in median(boxes.values.map { Double($0.upper[axis] - $0.lower[axis] + 1) }) }
  }

  /// The truth without objects below a tenth of a ball of the diameter, which the segmenter drops as well.
  func withoutSlivers() -> SampleNuclei {
    var counts: [UInt32: Int] = [:]
    for label in truth.elements { counts[label, default: 0] += 1 }
    let diameter = self.diameter
    let ball = truth.extent.rank == 2 ? Double.pi / 4 * diameter[0] * diameter[0] : Double.pi / 6 * diameter.reduce(1, *)
    return SampleNuclei(image: image, truth: truth.mapVoxels { Double(counts[$0]!) < 0.1 * ball ? 0 : $0 })
  }

  /// The whole image as one tile.
  func segmented(_ segmenter: WatershedSegmenter) throws -> VoxelBuffer<UInt32> {
    try segmenter.segment(tile(image.extent.box), context)
  }

  /// A part of the image as a tile.
  func tile(_ box: Box, core: Box? = nil) -> SegmentationTile {
    SegmentationTile(channels: [image.cropped(to: box)], box: box, core: core ?? box, spacing: [Double](repeating: 1, count: box.rank))
  }
}

/// A histogram of all voxels.
func statistics(of image: VoxelBuffer<Float>) -> IntensityStatistics {
  let numbers = image.elements.filter(\.isFinite).map(Double.init)
  var statistics = IntensityStatistics(
    minimum: numbers.min() ?? 0, maximum: numbers.max() ?? 0, isInteger: numbers.allSatisfy { $0 == $0.rounded() })
  statistics.add(image)
  return statistics
}

/// How many diameters two points are apart.
private func normalised(_ a: [Double], _ b: [Double], _ diameter: [Double]) -> Double {
  var sum = 0.0
  for axis in a.indices {
    let step = (a[axis] - b[axis]) / diameter[axis]
    sum += step * step
  }
  return sum.squareRoot()
}
