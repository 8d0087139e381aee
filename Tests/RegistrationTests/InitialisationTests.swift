// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Registration
import Testing
import Transforms
import Volumes

@Suite struct InitialisationTests {
  private let blobs = GaussianBlobs(count: 30, lower: [8, 8, 8], upper: [40, 56, 72], widths: 2...4, seed: 5)
  private let extent: Extent = [48, 64, 80]
  private let space = PhysicalSpace(spacing: [1, 1, 1])

  private func plane(_ map: ([Double]) -> [Double] = { $0 }) -> Volume {
    GaussianBlobs(count: 25, lower: [30, 25], upper: [90, 115], widths: 3...7, seed: 9).volume(
      [120, 140], PhysicalSpace(spacing: [1, 1]), through: map)
  }

  @Test(arguments: [[0.0, 0, 0], [10, -15, 20], [-4, 20, -30]])
  func aShiftIsFound(shift: [Double]) throws {
    let fixed = blobs.volume(extent, space)
    let moving = blobs.volume(extent, space) { zip($0, shift).map(-) }
    let result = try initialise(fixed: fixed, moving: moving)
    for point in [[10.0, 10, 10], [40, 50, 60]] { #expect(distance(result.transform(point), zip(point, shift).map(+)) < 3) }
    #expect(result.metric == .lncc)
    #expect(result.scores.count >= 5)
    #expect(result.scores.contains { $0.name == result.name })
  }

  @Test func identicalImagesKeepTheIdentity() throws {
    let fixed = blobs.volume(extent, space)
    let result = try initialise(fixed: fixed, moving: fixed)
    #expect(result.name == "identity")
    #expect(result.transform == .identity(rank: 3))
    #expect(abs(result.candidates[0].correlation - 1) < 1e-6)
  }

  /// A ball in padding of one value, turned, has the outline of the ball: windows of its edge once outvoted all that is inside.
  @Test(arguments: [[0.0, 0, 0], [3, -4, 2.5]])
  func aBallInPaddingIsNotTurned(shift: [Double]) throws {
    let inside = GaussianBlobs(count: 60, lower: [14, 14, 14], upper: [58, 58, 58], widths: 2...5, seed: 7)
    func ball(_ shift: [Double]) -> Volume {
      var volume = inside.volume([72, 72, 72], space) { zip($0, shift).map(-) }
      for (i, index) in volume.extent.box.indices.enumerated() {
        let depth = zip(index, shift).reduce(0.0) { $0 + pow(Double($1.0) - $1.1 - 35.5, 2) }.squareRoot()
        volume.voxels.elements[i] = depth < 24 ? volume.voxels.elements[i] + 100 : 0
      }
      return volume
    }
    let result = try initialise(fixed: ball([0, 0, 0]), moving: ball(shift))
    for point in [[20.0, 30, 40], [50, 40, 30], [36, 20, 50]] {
      #expect(distance(result.transform(point), zip(point, shift).map(+)) < 1.5, "\(result.name)")
    }
    if shift == [0, 0, 0] { #expect(result.transform == .identity(rank: 3)) }
  }

  @Test func directionsInTheHeaderAreBelieved() throws {
    let fixed = blobs.volume(extent, space)
    // The same world image, stored from right to left.
    let flipped = PhysicalSpace(spacing: [1, 1, 1], origin: [0, 0, 79], direction: [[1, 0, 0], [0, 1, 0], [0, 0, -1]])
    let moving = blobs.volume(extent, flipped)
    let result = try initialise(fixed: fixed, moving: moving)
    #expect(result.name == "identity")
  }

  @Test func imagesFarApartAreBroughtTogether() throws {
    let fixed = blobs.volume(extent, space)
    var moving = fixed
    moving.space.origin = [10_000, -20_000, 5_000]
    let result = try initialise(fixed: fixed, moving: moving)
    #expect(distance(result.transform([20, 30, 40]), [10_020, -19_970, 5_040]) < 3)
    #expect(result.candidates[0].score == -.infinity)
  }

  @Test(arguments: [40.0, 117, 180, -75])
  func aTurnedPlaneIsFound(degrees: Double) throws {
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    let truth = AffineTransform(matrix: [[c, -s], [s, c]], offset: [60 - c * 60 + s * 70, 70 - s * 60 - c * 70])
    let inverse = try #require(truth.inverse)
    let result = try initialise(fixed: plane(), moving: plane { inverse($0) })
    for point in [[40.0, 40], [80, 100], [60, 70]] { #expect(distance(result.transform(point), truth(point)) < 12) }
  }

  @Test func aTurnedVolumeIsFound() throws {
    let (c, s) = (cos(0.7), sin(0.7))
    let truth = AffineTransform(matrix: [[1, 0, 0], [0, c, -s], [0, s, c]], offset: [0, 32 - c * 32 + s * 40, 40 - s * 32 - c * 40])
    let inverse = try #require(truth.inverse)
    let long = GaussianBlobs(count: 30, lower: [16, 24, 15], upper: [32, 40, 65], widths: 2...4, seed: 6)
    let fixed = long.volume(extent, space)
    let moving = long.volume(extent, space) { inverse($0) }
    let result = try initialise(fixed: fixed, moving: moving)
    for point in [[20.0, 30, 25], [28, 34, 60]] { #expect(distance(result.transform(point), truth(point)) < 5) }
  }

  @Test func aVolumeWithItsAxesSwappedIsFound() throws {
    let fixed = blobs.volume(extent, space)
    // y becomes −x and x becomes y, which no principal axis of a round cloud tells.
    let truth = AffineTransform(matrix: [[1, 0, 0], [0, 0, -1], [0, 1, 0]], offset: [3, 79, -2])
    let inverse = try #require(truth.inverse)
    let moving = blobs.volume([52, 84, 68], space) { inverse($0) }
    let result = try initialise(fixed: fixed, moving: moving)
    for point in [[10.0, 10, 10], [40, 50, 60]] { #expect(distance(result.transform(point), truth(point)) < 3) }
  }

  @Test func aSliverNeverWins() throws {
    // Stripes agree perfectly wherever a few of them overlap; only one place makes all of them agree.
    let stripes = GaussianBlobs(count: 18, lower: [10, 5], upper: [60, 75], widths: 2...3, seed: 30)
    let fixed = stripes.volume([70, 80], PhysicalSpace(spacing: [1, 1]))
    let moving = stripes.volume([70, 80], PhysicalSpace(spacing: [1, 1])) { [$0[0] - 5, $0[1] + 6] }
    let result = try initialise(fixed: fixed, moving: moving)
    let winner = try #require(result.candidates.first { $0.name == result.name })
    #expect(winner.overlap > 0.5)
    #expect(distance(result.transform([35, 40]), [40, 34]) < 3)
  }

  @Test(arguments: [[1, 1], [1, 9], [2, 2], [3, 40], [1, 1, 1], [1, 1, 6], [2, 2, 2], [4, 3, 30], [5, 1, 5]])
  func tinyImagesGiveAStartOrAnErrorButNoCrash(lengths: [Int]) {
    let extent = Extent(lengths)
    let space = PhysicalSpace(spacing: [Double](repeating: 1, count: lengths.count))
    let ramp = Volume(voxels: VoxelBuffer(extent: extent, elements: (0..<extent.count).map { Float($0 * $0 % 7) }), space: space)
    let other = Volume(voxels: VoxelBuffer(extent: extent, elements: (0..<extent.count).map { Float($0 % 5) }), space: space)
    do {
      let start = try initialise(fixed: ramp, moving: other)
      #expect(start.transform.rank == lengths.count)
      _ = try registerAffine(fixed: ramp, moving: other, initial: start.transform)
      _ = try registerSyN(fixed: ramp, moving: other, initial: .identity(rank: lengths.count))
    } catch {
      #expect(error is RegistrationError)
    }
  }

  @Test(arguments: [0, -1, Double.nan, .infinity])
  func aSpacingThatIsNoLengthIsRefused(spacing: Double) throws {
    let fixed = blobs.volume(extent, space)
    var moving = fixed
    moving.space.spacing[1] = spacing
    let error = try #require(throws: RegistrationError.self) { try initialise(fixed: fixed, moving: moving) }
    #expect(error.code == .invalidOption && error.message.contains("spacing"))
  }

  @Test func extremeIntensitiesAreNoTrouble() throws {
    let fixed = blobs.volume(extent, space)
    var moving = blobs.volume(extent, space) { zip($0, [0.0, 8, 0]).map(-) }
    moving.voxels = moving.voxels.mapVoxels { ($0 - 50) * 3e36 }
    let result = try initialise(fixed: fixed, moving: moving)
    #expect(distance(result.transform([20, 30, 40]), [20, 38, 40]) < 3)
    moving.voxels = moving.voxels.mapVoxels { $0 * 1e-38 * 1e-38 * 1e-2 }
    #expect(throws: Never.self) { try initialise(fixed: fixed, moving: moving) }
  }

  @Test func voxelsThatAreNoNumbersDoNotCount() throws {
    let shift = [6.0, -9, 12]
    let fixed = blobs.volume(extent, space)
    var moving = blobs.volume(extent, space) { zip($0, shift).map(-) }
    for index in Box(lower: [0, 0, 0], upper: [48, 64, 6]).indices { moving.voxels[index] = .nan }
    for index in Box(lower: [0, 0, 76], upper: [48, 64, 80]).indices { moving.voxels[index] = .infinity }
    let result = try initialise(fixed: fixed, moving: moving)
    #expect(distance(result.transform([20, 30, 40]), [26, 21, 52]) < 3)
  }

  @Test(arguments: [true, false]) func aBandOfNoNumbersIsAsIfCutOff(isFixed: Bool) throws {
    let shift = [6.0, -9, 12]
    let pair = [blobs.volume(extent, space), blobs.volume(extent, space) { zip($0, shift).map(-) }]
    var padded = Volume(voxels: VoxelBuffer(extent: [90, 64, 120], repeating: Float.nan), space: space)
    padded.space.origin = [-30, 0, -10]
    let image = pair[isFixed ? 0 : 1]
    padded.voxels.copy(from: image.voxels, box: image.extent.box, at: [30, 0, 10])
    let plain = try initialise(fixed: pair[0], moving: pair[1])
    let found = try initialise(fixed: isFixed ? padded : pair[0], moving: isFixed ? pair[1] : padded)
    #expect(found.name == plain.name && found.scores.map(\.name) == plain.scores.map(\.name))
    for point in [[10.0, 10, 10], [40, 50, 60]] { #expect(distance(found.transform(point), plain.transform(point)) < 1e-6) }
  }

  @Test func whatTheMaskHidesDoesNotCount() throws {
    let shift = [0.0, 12, -10]
    let fixed = blobs.volume(extent, space)
    var moving = blobs.volume(extent, space) { zip($0, shift).map(-) }
    for index in Box(lower: [0, 0, 60], upper: [48, 20, 80]).indices { moving.voxels[index] = 900 }
    var voxels = VoxelBuffer<UInt8>(extent: [24, 32, 40], repeating: 1)
    for index in Box(lower: [0, 0, 29], upper: [24, 11, 40]).indices { voxels[index] = 0 }
    let mask = Mask(voxels: voxels, space: space.downsampled(by: [2, 2, 2]))
    let result = try initialise(fixed: fixed, moving: moving, movingMask: mask)
    #expect(distance(result.transform([20, 30, 40]), [20, 42, 30]) < 3)
  }

  @Test func invertedContrastIsPlacedByMutualInformation() throws {
    let shift = [4.0, -10, 14]
    let fixed = blobs.volume(extent, space)
    var moving = blobs.volume(extent, space) { zip($0, shift).map(-) }
    moving.voxels = moving.voxels.mapVoxels { 500 - $0 }
    let result = try initialise(fixed: fixed, moving: moving, metric: .mi)
    #expect(result.metric == .mi)
    #expect(distance(result.transform([20, 30, 40]), [24, 20, 54]) < 6)
  }

  @Test func planesInSpaceGiveWhatPlanesGive() throws {
    let (fixed, moving) = (plane(), plane { [$0[0] - 20, $0[1] + 14] })
    func lifted(_ volume: Volume, z: Double) -> Volume {
      var space = volume.space.liftedToThreeAxes()
      space.origin[0] = z
      return Volume(voxels: volume.voxels.reshaped(to: Extent([1] + volume.extent.lengths)), space: space)
    }
    let flat = try initialise(fixed: fixed, moving: moving)
    let inSpace = try initialise(fixed: lifted(fixed, z: 3), moving: lifted(moving, z: 5))
    #expect(inSpace.name == flat.name)
    #expect(inSpace.transform([3, 50, 60]) == [5] + flat.transform([50, 60]))
  }

  @Test func aConstantImageIsRefusedByName() throws {
    let fixed = blobs.volume(extent, space)
    let constant = Volume(voxels: VoxelBuffer(extent: extent, repeating: 100), space: space)
    let error = try #require(throws: RegistrationError.self) { try initialise(fixed: fixed, moving: constant) }
    #expect(error.code == .constantImage)
    #expect(error.message.contains("moving image is constant") && error.message.contains("100"))
    let other = try #require(throws: RegistrationError.self) { try initialise(fixed: constant, moving: fixed) }
    #expect(other.message.contains("fixed image is constant"))
  }

  @Test func anImageWithoutNumbersIsRefused() throws {
    let fixed = blobs.volume(extent, space)
    let empty = Volume(voxels: VoxelBuffer(extent: extent, repeating: .nan), space: space)
    let error = try #require(throws: RegistrationError.self) { try initialise(fixed: fixed, moving: empty) }
    #expect(error.code == .constantImage && error.message.contains("no numbers"))
  }

  @Test func ranksMustAgree() throws {
    let error = try #require(throws: RegistrationError.self) { try initialise(fixed: plane(), moving: blobs.volume(extent, space)) }
    #expect(error.code == .rankMismatch && error.message.contains("2") && error.message.contains("3"))
  }

  @Test func imagesThatCannotMeetAreRefused() throws {
    let fixed = blobs.volume(extent, space)
    var moving = fixed
    // Metres taken for micrometres.
    moving.space.spacing = [1e-6, 1e-6, 1e-6]
    let error = try #require(throws: RegistrationError.self) { try initialise(fixed: fixed, moving: moving) }
    #expect(error.code == .noOverlap)
    #expect(error.hint?.contains("units") == true)
  }
}
