// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Volumes

struct PhantomTests {
  private func truth(_ shape: [Int], seed: UInt64 = 3, displacement: Double? = nil) throws -> PhantomTruth {
    try PhantomTruth(
      seed: seed, shape: shape, spacing: [Double](repeating: 1, count: shape.count), unit: .micrometer, displacement: displacement)
  }

  private func source(_ truth: PhantomTruth, _ content: PhantomSource.Content, isFixed: Bool) -> PhantomSource {
    PhantomSource(truth: truth, content: content, isFixed: isFixed, voxelType: .uint16, chunk: [32, 32, 32])
  }

  @Test(arguments: [true, false], [PhantomSource.Content.light, .labels])
  func anyBoxIsThatPartOfTheWhole(isFixed: Bool, content: PhantomSource.Content) throws {
    let source = source(try truth([40, 90, 70]), content, isFixed: isFixed)
    let whole = try source.read(source.extent.box, as: UInt32.self)
    let box = Box(lower: [3, 17, 21], upper: [29, 81, 66])
    #expect(try source.read(box, as: UInt32.self) == whole.cropped(to: box))
  }

  @Test func theFixedNucleiAreTheMovingOnesThroughTheTruth() throws {
    let truth = try truth([64, 80, 72])
    let fixed = try source(truth, .labels, isFixed: true).read(Extent([64, 80, 72]).box, as: UInt32.self)
    let moving = try source(truth, .labels, isFixed: false).read(Extent([64, 80, 72]).box, as: UInt32.self)
    var (through, still, count) = (0, 0, 0)
    for index in ([64, 80, 72] as Extent).box.indices where fixed[index] != 0 {
      let place = truth.map(index.map(Double.init)).map { Int($0.rounded()) }
      guard moving.extent.box.contains(place) else { continue }
      count += 1
      if moving[place] == fixed[index] { through += 1 }
      if moving[index] == fixed[index] { still += 1 }
    }
    // Rounding to a voxel costs some at the surfaces of nuclei.
    #expect(count > 5000)
    #expect(Double(through) > 0.85 * Double(count))
    #expect(Double(still) < 0.7 * Double(count))
  }

  @Test func theInverseFindsTheWayBack() throws {
    let truth = try truth([64, 80, 72])
    for voxel in [[10.0, 20, 30], [33.3, 44.4, 55.5], [60, 5, 70]] {
      let back = try #require(truth.inverse(truth.map(voxel)))
      #expect(zip(back, voxel).allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test func nucleiAloneAreWholeAndReachTheCorners() throws {
    func scene(_ contents: PhantomContents) throws -> PhantomTruth {
      try PhantomTruth(seed: 5, shape: [48, 96, 96], spacing: [1, 1, 1], unit: .micrometer, displacement: nil, contents: contents)
    }
    func voxels(_ truth: PhantomTruth, _ content: PhantomSource.Content) throws -> VoxelBuffer<UInt32> {
      try source(truth, content, isFixed: true).read(Extent([48, 96, 96]).box, as: UInt32.self)
    }
    let (nuclei, tissue) = (try scene(.nuclei), try scene(.tissue))
    #expect(try voxels(nuclei, .organ).elements.allSatisfy { $0 == 1 })
    #expect(try voxels(tissue, .organ).elements.contains(0))
    // The same transform, and more nuclei.
    #expect(nuclei.affine == tissue.affine && nuclei.fields == tissue.fields)
    #expect(Set(try voxels(nuclei, .labels).elements).count > Set(try voxels(tissue, .labels).elements).count)
    // Away from nuclei nothing is as bright as they are.
    let (light, labels) = (try voxels(nuclei, .light), try voxels(nuclei, .labels))
    let inside = zip(light.elements, labels.elements).filter { $1 != 0 }.map { Int($0.0) }
    let outside = zip(light.elements, labels.elements).filter { $1 == 0 }.map { Int($0.0) }.sorted()
    #expect(outside[outside.count * 99 / 100] < inside.reduce(0, +) / inside.count)
    try withTemporaryFolder { folder in
      try Data(try nuclei.encoded()).write(to: folder.appendingPathComponent(PhantomTruth.fileName))
      #expect(try PhantomTruth.read(from: folder.path).contents == .nuclei)
      #expect(try !String(decoding: tissue.encoded(), as: UTF8.self).contains("contents"))
    }
  }

  @Test func theTruthSurvivesItsFile() throws {
    try withTemporaryFolder { folder in
      let truth = try truth([48, 64, 56])
      try Data(try truth.encoded()).write(to: folder.appendingPathComponent(PhantomTruth.fileName))
      let again = try PhantomTruth.read(from: folder.path)
      #expect(again.fields == truth.fields && again.affine == truth.affine)
      #expect(again.map([10, 20, 30]) == truth.map([10, 20, 30]))
    }
  }

  @Test(arguments: ["", "{}", "[1]", #"{"format": "weft phantom 1"}"#])
  func aBrokenTruthIsAnError(text: String) throws {
    try withTemporaryFolder { folder in
      try Data(text.utf8).write(to: folder.appendingPathComponent(PhantomTruth.fileName))
      #expect(throws: PipelineError.self) { try PhantomTruth.read(from: folder.path) }
    }
  }

  @Test func aDisplacementThatFoldsIsRefused() {
    #expect(throws: PipelineError.self) { try truth([64, 64, 64], displacement: 30) }
  }

  @Test func aFlatPhantomStaysInItsPlane() throws {
    let truth = try truth([120, 100])
    let place = truth.map([0, 30, 40])
    #expect(place[0] == 0 && abs(place[1] - 30) + abs(place[2] - 40) > 0.1)
    let source = source(truth, .light, isFixed: true)
    #expect(try source.read(Extent([120, 100]).box, as: UInt16.self).extent == [120, 100])
  }

  @Test func theSeedChangesTheImageAndTheTransform() throws {
    let (first, second) = (try truth([32, 32, 32], seed: 1), try truth([32, 32, 32], seed: 2))
    #expect(first.map([16, 16, 16]) != second.map([16, 16, 16]))
    let box = ([32, 32, 32] as Extent).box
    #expect(
      try source(first, .labels, isFixed: false).read(box, as: UInt32.self)
        != source(second, .labels, isFixed: false).read(box, as: UInt32.self))
  }
}
