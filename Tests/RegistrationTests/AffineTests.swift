// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Registration
import Testing
import Transforms
import Volumes

@Suite struct AffineTests {
  private let blobs = GaussianBlobs(count: 60, lower: [4, 4, 4], upper: [60, 60, 60], widths: 2.5...5, seed: 15)
  private let flatBlobs = GaussianBlobs(count: 60, lower: [5, 5], upper: [115, 115], widths: 3...8, seed: 16)
  private let space = PhysicalSpace(spacing: [1, 1, 1])
  private let truth = AffineTransform(
    matrix: [[1.04, 0.03, -0.02], [0.01, 0.97, 0.08], [-0.03, -0.06, 1.02]], offset: [1.5, -2.5, 3])
  private let flatTruth = AffineTransform(matrix: [[1.03, -0.09], [0.07, 0.98]], offset: [5, -4])

  /// A pair that `truth` aligns.
  private func pair() throws -> (Volume, Volume) {
    let inverse = try #require(truth.inverse)
    return (blobs.volume([64, 64, 64], space), blobs.volume([64, 64, 64], space) { inverse($0) })
  }

  private func flatPair() throws -> (Volume, Volume) {
    let inverse = try #require(flatTruth.inverse)
    let plane = PhysicalSpace(spacing: [1, 1])
    return (flatBlobs.volume([120, 120], plane), flatBlobs.volume([120, 120], plane) { inverse($0) })
  }

  @Test(arguments: [RegistrationMetric.auto, .lncc, .mi, .mse])
  func aKnownMapIsRecovered(metric: RegistrationMetric) throws {
    let (fixed, moving) = try pair()
    var options = AffineOptions()
    options.metric = metric
    let result = try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 3), options: options)
    for corner in fixed.space.corners(of: fixed.extent) { #expect(distance(result.transform(corner), truth(corner)) < 1) }
    #expect(distance(result.transform([32, 32, 32]), truth([32, 32, 32])) < 0.3)
    #expect(result.after > result.before)
    #expect(result.note == nil)
    #expect(result.metric != .auto)
    #expect(result.steps.first?.model == .translation && result.steps.last?.model == .affine)
  }

  @Test(arguments: [RegistrationMetric.auto, .lncc, .mi, .mse])
  func aKnownMapOfAPlaneIsRecovered(metric: RegistrationMetric) throws {
    let (fixed, moving) = try flatPair()
    var options = AffineOptions()
    options.metric = metric
    let result = try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 2), options: options)
    for corner in fixed.space.corners(of: fixed.extent) { #expect(distance(result.transform(corner), flatTruth(corner)) < 1) }
  }

  @Test func theMapIsBetweenWorldPointsWhateverTheLattices() throws {
    let inverse = try #require(truth.inverse)
    let fixedSpace = PhysicalSpace(
      spacing: [2, 1, 1], origin: [1, 63, -2], direction: [[1, 0, 0], [0, -1, 0], [0, 0, 1]])
    let movingSpace = PhysicalSpace(spacing: [1, 1.5, 1], origin: [0, 0, 66], direction: [[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    let fixed = blobs.volume([32, 64, 68], fixedSpace)
    let moving = blobs.volume([66, 44, 64], movingSpace) { inverse($0) }
    let result = try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 3))
    for point in [[5.0, 8, 10], [60, 50, 55], [32, 32, 32]] { #expect(distance(result.transform(point), truth(point)) < 1) }
  }

  @Test func theStartIsBuiltUpon() throws {
    let (fixed, moving) = try pair()
    let start = AffineTransform.translation([-20, 31, 17]).after(truth)
    var distant = moving
    distant.space.origin = [-20, 31, 17]
    let result = try registerAffine(fixed: fixed, moving: distant, initial: start)
    for corner in fixed.space.corners(of: fixed.extent) { #expect(distance(result.transform(corner), start(corner)) < 1) }
  }

  @Test(arguments: [AffineOptions.Model.translation, .rigid])
  func aSimplerModelStaysSimple(model: AffineOptions.Model) throws {
    let (fixed, moving) = try pair()
    var options = AffineOptions()
    options.model = model
    let result = try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 3), options: options)
    #expect(abs(result.transform.determinant - 1) < 1e-6)
    if model == .translation { #expect(result.transform.matrix == AffineTransform.identity(rank: 3).matrix) }
    #expect(result.after > result.before)
  }

  @Test func identicalImagesStayWhereTheyAre() throws {
    let (fixed, _) = try pair()
    let result = try registerAffine(fixed: fixed, moving: fixed, initial: .identity(rank: 3))
    for corner in fixed.space.corners(of: fixed.extent) { #expect(distance(result.transform(corner), corner) < 0.1) }
    #expect(result.after >= result.before)
  }

  @Test func theSamePairGivesTheSameBytesAlsoAtOnce() async throws {
    let (fixed, moving) = try pair()
    let results = try await withThrowingTaskGroup(of: AffineTransform.self) { group in
      for _ in 0..<3 { group.addTask { try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 3)).transform } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results[0] == results[1] && results[1] == results[2])
  }

  @Test func aScaleBeyondTheLimitKeepsTheStart() throws {
    let (fixed, moving) = try pair()
    var options = AffineOptions()
    options.largestScale = 1.001
    let result = try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 3), options: options)
    #expect(result.transform == .identity(rank: 3))
    #expect(result.note?.contains("scales") == true)
    #expect(result.after == result.before)
  }

  @Test(arguments: [RegistrationMetric.auto, .lncc, .mi, .mse]) func whatTheMaskHidesDoesNotPull(metric: RegistrationMetric) throws {
    var (fixed, moving) = try pair()
    // Bright blocks that would pull the images apart, and voxels that are no numbers.
    let fixedMask = hidden(in: &fixed, Box(lower: [0, 0, 0], upper: [64, 20, 20])) { _ in 800 }
    let movingMask = hidden(in: &moving, Box(lower: [0, 40, 30], upper: [64, 64, 64])) { $0[0] % 2 == 0 ? 800 : .nan }
    var options = AffineOptions()
    options.metric = metric
    let result = try registerAffine(
      fixed: fixed, moving: moving, fixedMask: fixedMask, movingMask: movingMask, initial: .identity(rank: 3), options: options)
    for point in [[10.0, 40, 10], [50, 15, 50], [32, 32, 25]] { #expect(distance(result.transform(point), truth(point)) < 1) }
  }

  @Test(arguments: [RegistrationMetric.auto, .lncc, .mi, .mse])
  func whatTheMaskHidesInAPlaneDoesNotPull(metric: RegistrationMetric) throws {
    var (fixed, moving) = try flatPair()
    let fixedMask = hidden(in: &fixed, Box(lower: [0, 0], upper: [40, 40])) { _ in 800 }
    let movingMask = hidden(in: &moving, Box(lower: [80, 70], upper: [120, 120])) { $0[0] % 2 == 0 ? 800 : .nan }
    var options = AffineOptions()
    options.metric = metric
    let result = try registerAffine(
      fixed: fixed, moving: moving, fixedMask: fixedMask, movingMask: movingMask, initial: .identity(rank: 2), options: options)
    for point in [[20.0, 80], [90, 30], [60, 60]] { #expect(distance(result.transform(point), flatTruth(point)) < 1) }
  }

  /// Overwrites a box of an image; the mask leaves it out.
  private func hidden(in volume: inout Volume, _ box: Box, by value: ([Int]) -> Float) -> Mask {
    var mask = VoxelBuffer<UInt8>(extent: volume.extent, repeating: 1)
    for index in box.indices {
      volume.voxels[index] = value(index)
      mask[index] = 0
    }
    return Mask(voxels: mask, space: volume.space)
  }

  @Test(arguments: [RegistrationMetric.lncc, .mi, .mse]) func imagesExchangedGiveTheInverse(metric: RegistrationMetric) throws {
    var options = AffineOptions()
    options.metric = metric
    for (fixed, moving) in [try pair(), try flatPair()] {
      let start = AffineTransform.identity(rank: fixed.space.rank)
      let there = try registerAffine(fixed: fixed, moving: moving, initial: start, options: options).transform
      let back = try registerAffine(fixed: moving, moving: fixed, initial: start, options: options).transform
      for corner in fixed.space.corners(of: fixed.extent) { #expect(distance(back(there(corner)), corner) < 1) }
    }
  }

  @Test func planesInSpaceGiveWhatPlanesGive() throws {
    let (fixed, moving) = try flatPair()
    func lifted(_ volume: Volume) -> Volume {
      Volume(voxels: volume.voxels.reshaped(to: Extent([1] + volume.extent.lengths)), space: volume.space.liftedToThreeAxes())
    }
    let flat = try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 2))
    let inSpace = try registerAffine(fixed: lifted(fixed), moving: lifted(moving), initial: .identity(rank: 3))
    #expect(inSpace.transform([0, 50, 60]) == [0] + flat.transform([50, 60]))
  }

  @Test func aStartWithoutOverlapIsRefused() throws {
    let (fixed, moving) = try pair()
    let error = try #require(throws: RegistrationError.self) {
      try registerAffine(fixed: fixed, moving: moving, initial: .translation([500, 0, 0]))
    }
    #expect(error.code == .noOverlap && error.hint != nil)
  }

  @Test func aStartOfAnotherRankIsRefused() throws {
    let (fixed, moving) = try pair()
    let error = try #require(throws: RegistrationError.self) {
      try registerAffine(fixed: fixed, moving: moving, initial: .identity(rank: 2))
    }
    #expect(error.code == .rankMismatch)
  }

  @Test func aConstantImageIsRefused() throws {
    let (fixed, _) = try pair()
    let constant = Volume(voxels: VoxelBuffer(extent: fixed.extent, repeating: 7), space: space)
    let error = try #require(throws: RegistrationError.self) {
      try registerAffine(fixed: fixed, moving: constant, initial: .identity(rank: 3))
    }
    #expect(error.code == .constantImage)
  }
}
