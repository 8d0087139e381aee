// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Pipelines
import Registration
import TestSupport
import Testing
import Transforms
import Volumes

/// A map that is known is found again.
struct RecoveryTests {
  /// Runs a registration and measures it; errors in moving voxels.
  private func errors(
    _ pair: KnownPair, _ images: (fixed: StoredImage, moving: StoredImage), _ options: RegistrationOptions,
    where counts: ([Int]) -> Bool = { _ in true }
  ) async throws -> (before: Double, after: Double, result: RegistrationResult) {
    try await withTemporaryFolder { folder in
      let out = folder.appendingPathComponent("out").path
      let result = try await ChunkedRegistration(fixed: images.fixed, moving: images.moving, options: options).run(into: out)
      let (before, after) = try pair.errors(of: .open(out), where: counts)
      return (before, after, result)
    }
  }

  @Test func severalBlocksFindAMapAsWellAsOne() async throws {
    let pair = KnownPair([48, 64, 64])
    let images = pair.images
    // Without the coarse warp, all of the bend is left to the blocks.
    func found(_ block: [Int]) async throws -> (before: Double, after: Double, result: RegistrationResult) {
      var options = smallOptions(.normal, block: block)
      options.stages = [.affine, .fine]
      return try await errors(pair, images, options)
    }
    let one = try await found([64])
    let four = try await found([48, 32, 32])
    #expect(one.result.blocks.count == 1 && four.result.blocks.count == 4)
    #expect(one.before > 2.5 && one.after < 0.3, "\(one.before) \(one.after)")
    #expect(four.after < 0.25 && four.after < one.after + 0.1, "\(four.after) \(one.after)")
    for result in [one.result, four.result] {
      #expect(!result.isFlagged && result.map.foldingPercent == 0 && result.map.minimumJacobian > 0.3)
      #expect(result.blocks.allSatisfy { $0.state == .registered })
    }
  }

  @Test func aShiftIsFoundByTheAffineStageAlone() async throws {
    let pair = KnownPair([40, 48, 44], affine: .translation([3, -5, 4]), amplitude: 0)
    var options = smallOptions()
    options.stages = [.affine]
    let found = try await errors(pair, pair.images, options)
    #expect(abs(found.before - 50.0.squareRoot()) < 1e-6 && found.after < 0.15, "\(found.after)")
    #expect(found.result.coarse.transform.coarse == nil && found.result.blocks.isEmpty)
  }

  @Test func spacingsAndUnitsMayDiffer() async throws {
    // Fixed voxels of 2 × 1 × 1 µm; moving ones of 1.6 × 1.2 × 0.9 µm in millimetres, from another origin.
    let pair = KnownPair(
      [32, 56, 56], fixed: PhysicalSpace(spacing: [2, 1, 1], unit: .micrometer),
      moving: PhysicalSpace(spacing: [0.0020, 0.0011, 0.0010], origin: [0.001, -0.002, -0.001], unit: .millimeter))
    let found = try await errors(pair, pair.images, smallOptions(.normal, block: [32, 28, 56]))
    #expect(found.before > 2 && found.after < 0.35, "\(found.before) \(found.after)")
  }

  @Test func obliqueImagesAreRegisteredWhereTheyLie() async throws {
    func turned(_ angle: Double, about origin: [Double]) -> PhysicalSpace {
      PhysicalSpace(
        spacing: [1, 1, 1], origin: origin, direction: [[1, 0, 0], [0, cos(angle), -sin(angle)], [0, sin(angle), cos(angle)]],
        unit: .micrometer)
    }
    let pair = KnownPair([40, 48, 48], fixed: turned(0.25, about: [0, 5, -5]), moving: turned(-0.2, about: [0, -4, 6]))
    try await withTemporaryFolder { folder in
      func written(_ image: StoredImage, _ name: String) throws -> StoredImage {
        let path = folder.appendingPathComponent(name).path
        try ImageFile.write(try image.volumes().finest, to: path)
        return try StoredImage.open(path)
      }
      let files = (fixed: try written(pair.images.fixed, "fixed.nii.gz"), moving: try written(pair.images.moving, "moving.nii.gz"))
      #expect(abs(files.fixed.levels[0].space.direction[1][2] + sin(0.25)) < 1e-5)
      let found = try await errors(pair, files, smallOptions(.normal, block: [40, 24, 48]))
      #expect(found.before > 2 && found.after < 0.35, "\(found.before) \(found.after)")
    }
  }

  @Test func picturesOfOnePlaneAreRegistered() async throws {
    let pair = KnownPair([120, 132], amplitude: 2)
    let grey = try await errors(pair, pair.images, smallOptions(.normal, block: [60, 66]))
    #expect(grey.result.blocks.count == 4 && grey.before > 3 && grey.after < 0.3, "\(grey.before) \(grey.after)")

    // The same in colour: red carries most of the brightness.
    func colour(_ voxels: VoxelBuffer<Float>, _ name: String) -> StoredImage {
      let most = voxels.elements.max()!
      let elements = voxels.elements.flatMap { [UInt8(20 + 200 * $0 / most), UInt8(10 + 60 * $0 / most), 30] }
      return image(VoxelBuffer(extent: [120, 132, 3], elements: elements), axes: "yxc", name: name, isColour: true)
    }
    let inColour = try await errors(
      pair, (colour(pair.fixed, "fixed"), colour(pair.moving, "moving")), smallOptions(.normal, block: [60, 66]))
    #expect(inColour.after < 0.4, "\(inColour.after)")
  }

  /// Bright where the other is dark: local correlation is then negative at the right place, and nothing may take that for a failure.
  @Test func imagesOfOppositeContrastAreRegistered() async throws {
    let pair = KnownPair([48, 64, 64])
    let most = pair.moving.elements.max()!
    let opposite = image(pair.moving.mapVoxels { most - $0 }, pair.movingSpace, name: "opposite")
    let found = try await errors(pair, (pair.images.fixed, opposite), smallOptions(.normal, block: [48, 32, 32]))
    #expect(found.result.coarse.metric == .mi)
    #expect(found.before > 2.5 && found.after < 0.5, "\(found.before) \(found.after)")
    #expect(found.result.blocks.allSatisfy { $0.state == .registered })
  }

  /// Intensities that rise together in dim parts and against each other in bright ones: tissue over background correlates, and that once
  /// chose local correlation.
  @Test func imagesThatFollowEachOtherInPartAreRegistered() async throws {
    let pair = KnownPair([48, 64, 64])
    let most = pair.moving.elements.max()!
    let arched = image(pair.moving.mapVoxels { sin(.pi * ($0 / most).squareRoot()) }, pair.movingSpace, name: "arched")
    let found = try await errors(pair, (pair.images.fixed, arched), smallOptions(.normal, block: [48, 64, 64]))
    #expect(found.result.coarse.metric == .mi)
    #expect(found.before > 2.5 && found.after < 1.3, "\(found.before) \(found.after)")
  }

  /// A head, and a brain without its skull: the brain's outline is not to be laid on the head's.
  @Test(arguments: [true, false])
  func contentIsFoundInsideLargerContent(isMovingTheSmaller: Bool) async throws {
    let pair = KnownPair([64, 64, 64], amplitude: 1)
    func depth(_ index: [Int]) -> Double { index.reduce(0.0) { $0 + pow(Double($1) - 31.5, 2) }.squareRoot() }
    var (head, brain) = isMovingTheSmaller ? (pair.fixed, pair.moving) : (pair.moving, pair.fixed)
    let most = head.elements.max()!
    for (i, index) in head.extent.box.indices.enumerated() {
      if depth(index) > 30 { head.elements[i] = 0 } else if depth(index) > 26 { head.elements[i] = most }
      if depth(index) > 21 { brain.elements[i] = 0 }
    }
    let images = (
      fixed: image(isMovingTheSmaller ? head : brain, pair.fixedSpace, name: "fixed"),
      moving: image(isMovingTheSmaller ? brain : head, pair.movingSpace, name: "moving")
    )
    let found = try await errors(pair, images, smallOptions(.normal, block: [64, 64, 64])) { depth($0) < 17 }
    #expect(found.result.coarse.notes.contains { $0.contains("its padding is masked") })
    #expect(found.before > 2.5 && found.after < 0.5, "\(found.before) \(found.after)")
  }

  @Test func aPhantomOfUnequalSpacingIsRegistered() async throws {
    try await withTemporaryFolder { folder in
      var phantom = PhantomOptions()
      phantom.shape = [32, 72, 72]
      phantom.spacing = [2, 1, 1]
      phantom.threads = 2
      try await Phantom(phantom).write(into: folder.path)
      let out = folder.appendingPathComponent("out").path
      let registration = try ChunkedRegistration(
        fixed: .open(folder.path + "/fixed.ome.zarr"), moving: .open(folder.path + "/moving.ome.zarr"),
        options: smallOptions(.normal, block: [36]))
      _ = try await registration.run(into: out)
      let errors = try EndPointErrors(of: .open(out), against: .read(from: folder.path), points: 20_000)
      #expect(
        errors.foreground.after.mean < 0.3 * errors.foreground.before.mean && errors.foreground.after.mean < 0.6, "\(errors.foreground)")
    }
  }
}
