// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import TestSupport
import Testing
import Volumes

struct WatershedSegmenterTests {
  @Test(
    .enabled(if: sharedData != nil, "the folder of real volumes is missing"),
    arguments: [
      ("2d", 1.0, 0.83), ("2d", 0.9, 0.82), ("2d", 1.25, 0.66), ("3d", 1, 0.87), ("3d", 0.9, 0.74), ("3d", 1.25, 0.74),
    ])
  func nucleiAreFoundByTheirDiameterAlone(name: String, factor: Double, target: Double) throws {
    let sample = try SampleNuclei.shared(name)
    let found = try sample.segmented(WatershedSegmenter(diameter: sample.diameter.map { $0 * factor }))
    let score = DetectionScore(of: found, truth: sample.truth)
    print("nuclei \(name), diameter × \(factor): \(score.averagePrecision)")
    #expect(score.averagePrecision >= target, "\(score)")
  }

  /// Seeds that nothing was chosen by.
  @Test(
    arguments: [([64, 128, 128], 31), ([64, 128, 128], 32), ([64, 128, 128], 33), ([48, 160, 160], 34), ([48, 160, 160], 35)]
      as [([Int], UInt64)])
  func nucleiOfAPhantomAreFound(shape: [Int], seed: UInt64) throws {
    func score(_ contents: PhantomContents) throws -> DetectionScore {
      let sample = try SampleNuclei.phantom(shape, seed: seed, contents: contents).withoutSlivers()
      return DetectionScore(of: try sample.segmented(WatershedSegmenter(diameter: sample.diameter)), truth: sample.truth)
    }
    let nuclei = try score(.nuclei)
    #expect(nuclei.averagePrecision >= 0.94, "nuclei: \(nuclei)")
    // Tissue also has fibres about as thick as its nuclei, and nuclei that are to be seen beyond its outline, but not labelled.
    let tissue = try score(.tissue)
    print("phantom \(shape), seed \(seed): nuclei \(nuclei.averagePrecision), tissue \(tissue.averagePrecision)")
    #expect(tissue.averagePrecision >= 0.72 && tissue.recall >= 0.8, "tissue: \(tissue)")
  }

  @Test(
    arguments: [([200, 260], [18, 18], 50), ([200, 200], [26, 14], 40), ([48, 96, 100], [9, 16, 16], 60)] as [([Int], [Double], Int)])
  func ballsAreFoundEachAndNothingElse(shape: [Int], diameter: [Double], count: Int) throws {
    let sample = SampleNuclei.balls(Extent(shape), diameter: diameter, count: count, seed: 5)
    let score = DetectionScore(of: try sample.segmented(WatershedSegmenter(diameter: diameter)), truth: sample.truth, threshold: 0.7)
    #expect(score.averagePrecision == 1, "\(score)")
  }

  @Test(arguments: [([400, 400], [16, 16], 330, 3), ([60, 130, 130], [8, 12, 12], 330, 12)] as [([Int], [Double], Int, Int)])
  func inTheCoreOfATileObjectsAreThoseOfTheWholeImage(shape: [Int], diameter: [Double], count: Int, noise: Int) throws {
    let sample = SampleNuclei.balls(Extent(shape), diameter: diameter, count: count, seed: 11, noise: Float(noise))
    let segmenter = WatershedSegmenter(diameter: diameter)
    let whole = try sample.segmented(segmenter)
    let context = sample.context
    let lower = diameter.indices.map { Int(2 * diameter[$0]) + 3 + $0 }
    let core = Box(lower: lower, upper: zip(lower, shape).map { $1 > 100 ? $1 - $0 - 5 : $1 })
    let box = core.expanded(by: segmenter.requirements.receptiveField).intersection(sample.image.extent.box)
    #expect(box != sample.image.extent.box)
    let part = try segmenter.segment(sample.tile(box, core: core), context)
    let here = core.relative(to: box.lower)
    let score = DetectionScore(
      of: wholly(inside: here, part), truth: wholly(inside: core, whole), threshold: 0.9)
    #expect(score.averagePrecision == 1 && score.truePositives > 20, "\(score)")
    // Voxel for voxel, in fact.
    #expect(score.meanOverlap > 0.999, "\(score)")
  }

  /// Objects that touch, and tissue with fibres and nuclei that are cut by its outline: measured, nothing that follows from how they are found.
  @Test(arguments: ["touching", "tissue", "tissue 2D"]) func twoDiametersFromItsBorderATileHoldsTheObjectsOfTheWholeImage(kind: String)
    throws
  {
    let sample: SampleNuclei
    let diameter: [Double]
    switch kind {
    case "touching":
      diameter = [16, 16]
      sample = SampleNuclei.balls([400, 400], diameter: diameter, count: 500, seed: 12, gap: 0.8)
    case "tissue":
      diameter = [7, 8, 8]
      sample = try SampleNuclei.phantom([64, 128, 128], seed: 31, contents: .tissue)
    default:
      diameter = [8, 8]
      sample = try SampleNuclei.phantom([400, 400], seed: 32, contents: .tissue)
    }
    let segmenter = WatershedSegmenter(diameter: diameter)
    let context = sample.context
    let whole = try sample.segmented(segmenter)
    let extent = sample.image.extent
    let core = Box(lower: extent.lengths.map { $0 / 4 + 1 }, upper: extent.lengths.map { $0 * 3 / 4 + 2 })
    let box = core.expanded(by: diameter.map { Int(2 * $0) }).intersection(extent.box)
    let part = try segmenter.segment(sample.tile(box, core: core), context)
    let score = DetectionScore(
      of: wholly(inside: core.relative(to: box.lower), part), truth: wholly(inside: core, whole), threshold: 0.9)
    print("tile beside the whole image, \(kind): \(score.averagePrecision) of \(score.truePositives), IoU \(score.meanOverlap)")
    #expect(score.averagePrecision == 1 && score.truePositives > 20, "\(score)")
    #expect(score.meanOverlap > 0.999, "\(score)")
  }

  @Test func noContrastNoObject() throws {
    let flat = VoxelBuffer<Float>(extent: [40, 50], repeating: 7)
    let sample = SampleNuclei(image: flat, truth: VoxelBuffer(extent: flat.extent))
    #expect(try sample.segmented(WatershedSegmenter(diameter: [8])).elements.allSatisfy { $0 == 0 })
  }

  @Test func noiseMuchFinerThanObjectsIsNoObject() throws {
    var generator = SeededGenerator(seed: 3)
    var noise = VoxelBuffer<Float>(extent: [128, 128], repeating: 100)
    for i in noise.elements.indices {
      for _ in 0..<4 { noise.elements[i] += Float.random(in: -5...5, using: &generator) }
    }
    let sample = SampleNuclei(image: noise, truth: VoxelBuffer(extent: noise.extent))
    #expect(try sample.segmented(WatershedSegmenter(diameter: [24])).elements.allSatisfy { $0 == 0 })
  }

  @Test func belowTheThresholdOfTheWholeImageATileIsEmpty() throws {
    let sample = SampleNuclei.balls([120, 120], diameter: [14, 14], count: 20, seed: 2)
    var segmenter = WatershedSegmenter(diameter: [14])
    segmenter.threshold = 1000
    #expect(try sample.segmented(segmenter).elements.allSatisfy { $0 == 0 })
    // A dim tile of a bright image: its own noise is no foreground.
    let dim = VoxelBuffer<Float>(extent: [60, 60], elements: (0..<3600).map { (i: Int) -> Float in Float(17 + i * 7919 % 7) })
    let tile = SegmentationTile(channels: [dim], box: dim.extent.box, core: dim.extent.box, spacing: [1, 1])
    #expect(try WatershedSegmenter(diameter: [14]).segment(tile, sample.context).elements.allSatisfy { $0 == 0 })
  }

  @Test func voxelsThatAreNoNumbersAreBackground() throws {
    var sample = SampleNuclei.balls([120, 120], diameter: [14, 14], count: 25, seed: 4)
    let first = try sample.segmented(WatershedSegmenter(diameter: [14]))
    var image = sample.image
    for y in 0..<120 { for x in 0..<40 { image[[y, x]] = (x + y) % 2 == 0 ? .nan : .infinity } }
    let context = sample.context
    sample = SampleNuclei(image: image, truth: sample.truth)
    let found = try WatershedSegmenter(diameter: [14]).segment(sample.tile(image.extent.box), context)
    let away = Box(lower: [0, 70], upper: [120, 120])
    #expect(DetectionScore(of: wholly(inside: away, found), truth: wholly(inside: away, first), threshold: 1).averagePrecision == 1)
    #expect(found.cropped(to: Box(lower: [0, 0], upper: [120, 40])).elements.allSatisfy { $0 == 0 })
  }

  @Test func aHoleInAnObjectIsFilled() throws {
    let sample = SampleNuclei.balls([80, 80], diameter: [20, 20], count: 5, seed: 8, noise: 1)
    var image = sample.image
    let found = try sample.segmented(WatershedSegmenter(diameter: [20]))
    // A dark spot in the middle of each object.
    for label in 1...5 {
      let voxels = sample.truth.extent.box.indices.enumerated().filter { sample.truth.elements[$0.offset] == UInt32(label) }.map(\.element)
      let middle = voxels[voxels.count / 2]
      for dy in -1...1 { for dx in -1...1 { image[[middle[0] + dy, middle[1] + dx]] = 30 } }
    }
    let holed = SampleNuclei(image: image, truth: sample.truth)
    let score = DetectionScore(of: try holed.segmented(WatershedSegmenter(diameter: [20])), truth: found, threshold: 0.9)
    #expect(score.averagePrecision == 1 && score.truePositives == 5, "\(score)")
  }

  @Test func whatDoesNotFitIsRefused() {
    let sample = SampleNuclei.balls([40, 40], diameter: [10, 10], count: 3, seed: 1)
    #expect(throws: SegmentationError.self) { try sample.segmented(WatershedSegmenter(diameter: [10, 10, 10])) }
    #expect(throws: SegmentationError.self) { try sample.segmented(WatershedSegmenter(diameter: [0])) }
    let wrong: [(String, (inout WatershedSegmenter) -> Void)] = [
      ("refinement` is 2.0", { $0.refinement = 2 }), ("minimumContrast` is nan", { $0.minimumContrast = .nan }),
      ("seedScales` is []", { $0.seedScales = [] }), ("minimumSize` is -1.0", { $0.minimumSize = -1 }),
    ]
    for (part, change) in wrong {
      var odd = WatershedSegmenter(diameter: [10])
      change(&odd)
      let error = #expect(throws: SegmentationError.self) { try sample.segmented(odd) }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
  }

  @Test(arguments: [[1, 60, 60], [30, 1, 60], [3, 3, 3], [1, 1, 40]] as [[Int]])
  func thinVolumesAreSegmented(shape: [Int]) throws {
    let image = VoxelBuffer<Float>(
      extent: Extent(shape), elements: (0..<Extent(shape).count).map { (i: Int) -> Float in Float(i * 7919 % 101) })
    let sample = SampleNuclei(image: image, truth: VoxelBuffer(extent: image.extent))
    #expect(try sample.segmented(WatershedSegmenter(diameter: [6])).extent == image.extent)
  }

  /// Only the objects that do not touch the border of a box, cut to it.
  private func wholly(inside box: Box, _ labels: VoxelBuffer<UInt32>) -> VoxelBuffer<UInt32> {
    var crossing: Set<UInt32> = [0]
    let inner = Box(lower: box.lower.map { $0 + 1 }, upper: box.upper.map { $0 - 1 })
    for (i, index) in labels.extent.box.indices.enumerated() where !inner.contains(index) { crossing.insert(labels.elements[i]) }
    return labels.mapVoxels { crossing.contains($0) ? 0 : $0 }.cropped(to: box)
  }
}
