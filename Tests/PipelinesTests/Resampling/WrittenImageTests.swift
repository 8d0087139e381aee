// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Pyramids
import TestSupport
import Testing
import Transforms
import Volumes

/// What is written, through a map that is known.
struct WrittenImageTests {
  private static let extent: Extent = [20, 24, 28]
  private static let space = PhysicalSpace(spacing: [1, 1, 1], unit: .micrometer)

  /// Resamples `moving` onto a lattice of the same extent and place, moved by `affine`; the path of the result.
  private func resampled(
    _ moving: StoredImage, _ affine: AffineTransform, into folder: URL, fixedFormat: String = "OME-Zarr 0.5",
    _ change: (inout RegistrationOptions) -> Void = { _ in }
  ) async throws -> String {
    let volume = try moving.volumes().finest
    let fixed = image(VoxelBuffer<UInt16>(extent: volume.extent), volume.space, name: "fixed", format: fixedFormat)
    var options = smallOptions()
    change(&options)
    let registration = try ChunkedRegistration(fixed: fixed, moving: moving, options: options)
    var place = volume.space.liftedToThreeAxes()
    var region = volume.extent
    if let asked = options.region {
      place = place.cropped(at: [Int](repeating: 0, count: 3 - region.rank) + asked.map(\.lowerBound))
      region = Extent(asked.map(\.count))
    }
    let coarse = knownCoarse(
      affine, on: region.rank == 2 ? PhysicalSpace(spacing: Array(place.spacing.suffix(2)), unit: place.unit) : place, extent: region)
    return try await registration.resample(coarse, nil, into: folder.appendingPathComponent("out-\(UUID().uuidString)").path).registered
  }

  private static let turned = AffineTransform(matrix: [[1, 0.05, 0], [-0.04, 1, 0.1], [0, -0.1, 0.98]], offset: [0.4, 0.7, 1.3])

  private static func pattern<Voxel: VoxelScalar>(_ type: Voxel.Type, seed: UInt64 = 1) -> VoxelBuffer<Voxel> {
    var random = SeededGenerator(seed: seed)
    return VoxelBuffer(
      extent: extent, elements: (0..<extent.count).map { _ in Voxel.saturating(real: Double.random(in: -40_000...70_000, using: &random)) })
  }

  private func halves<Voxel: VoxelScalar>(_ type: Voxel.Type) async throws {
    let voxels = Self.pattern(type)
    try await withTemporaryFolder { folder in
      let path = try await resampled(image(voxels), .translation([0, 0, 0.5]), into: folder)
      let written = try StoredImage.open(path)
      #expect(written.voxelType == Voxel.voxelType && written.levels[0].source.extent == Self.extent)
      let values = try readAll(path, as: type)
      var wrong = 0
      for index in Self.extent.box.indices where index[2] < Self.extent[2] - 1 {
        let middle = (voxels[index].float + voxels[[index[0], index[1], index[2] + 1]].float) / 2
        let expected = Voxel.saturating(real: middle)
        if abs(values[index].double - expected.double) > (Voxel.voxelType.isInteger ? 0 : 0.01) { wrong += 1 }
      }
      #expect(wrong == 0, "\(Voxel.voxelType)")
    }
  }

  @Test func theVoxelTypeIsKeptAndMeansAreRounded() async throws {
    try await halves(UInt8.self)
    try await halves(UInt16.self)
    try await halves(Int16.self)
    try await halves(Float.self)
  }

  @Test func overshootIsClippedAndNeverWrapsRound() async throws {
    var step = VoxelBuffer<UInt8>(extent: Self.extent)
    for index in Self.extent.box.indices where index[2] >= 14 { step[index] = 255 }
    try await withTemporaryFolder { folder in
      let path = try await resampled(image(step), .translation([0, 0, 0.3]), into: folder) { $0.interpolation = .cubic }
      let row = try readAll(path, as: UInt8.self).cropped(to: Box(lower: [10, 10, 2], upper: [11, 11, 26])).elements
      #expect(row.min() == 0 && row.max() == 255)
      #expect(zip(row, row.dropFirst()).allSatisfy { Int($1) >= Int($0) - 12 }, "\(row)")
    }
  }

  @Test func voxelsFromOutsideAreZero() async throws {
    try await withTemporaryFolder { folder in
      let path = try await resampled(
        image(VoxelBuffer<UInt16>(extent: Self.extent, repeating: 700)), .translation([5, 0, 0]), into: folder)
      let values = try readAll(path, as: UInt16.self)
      for index in Self.extent.box.indices { #expect(values[index] == (index[0] < 15 ? 700 : 0)) }
    }
  }

  @Test func nearestGivesNoNewValuesAndCubicIsNearerTheTruthThanLinear() async throws {
    func truth(_ point: [Double]) -> Double { 1000 + 500 * sin(point[0] * 0.9) * cos(point[1] * 0.8 + 1) * sin(point[2] * 0.7 + 2) }
    let voxels = VoxelBuffer(extent: Self.extent, elements: Self.extent.box.indices.map { Float(truth($0.map(Double.init))) })
    try await withTemporaryFolder { folder in
      var errors: [OutputInterpolation: Double] = [:]
      for interpolation in [OutputInterpolation.linear, .nearest, .cubic] {
        let path = try await resampled(image(voxels), Self.turned, into: folder) { $0.interpolation = interpolation }
        let values = try readAll(path, as: Float.self)
        let inner = Box(lower: [5, 5, 5], upper: [15, 19, 22])
        errors[interpolation] = inner.indices.map { abs(Double(values[$0]) - truth(Self.turned($0.map(Double.init)))) }.max()!
        if interpolation == .nearest { #expect(Set(values.elements).subtracting(voxels.elements) == [0]) }
      }
      #expect(errors[.cubic]! < 0.5 * errors[.linear]! && errors[.linear]! < errors[.nearest]!, "\(errors)")
    }
  }

  @Test func allChannelsAndTimesAreWritten() async throws {
    let parts = (0..<6).map { Self.pattern(UInt16.self, seed: UInt64($0)) }
    let voxels = VoxelBuffer(extent: Extent([2, 3] + Self.extent.lengths), elements: parts.flatMap(\.elements))
    try await withTemporaryFolder { folder in
      let path = try await resampled(image(voxels, axes: "tczyx"), Self.turned, into: folder)
      let written = try StoredImage.open(path)
      #expect(written.axes.map(\.name) == ["t", "c", "z", "y", "x"])
      let all = try readAll(path, as: UInt16.self)
      #expect(all.extent == voxels.extent)
      for (number, part) in parts.enumerated() {
        let alone = try readAll(try await resampled(image(part), Self.turned, into: folder), as: UInt16.self)
        #expect(Array(all.elements[number * alone.count..<(number + 1) * alone.count]) == alone.elements, "part \(number)")
      }
    }
  }

  @Test func aColourPictureKeepsItsColours() async throws {
    var random = SeededGenerator(seed: 9)
    let voxels = VoxelBuffer<UInt8>(extent: [40, 50, 3], elements: (0..<6000).map { _ in UInt8.random(in: 0...255, using: &random) })
    let picture = image(voxels, axes: "yxc", isColour: true)
    try await withTemporaryFolder { folder in
      let path = try await resampled(picture, .translation([0, 2, -3]), into: folder)
      let written = try StoredImage.open(path)
      #expect(written.axes.map(\.name) == ["c", "y", "x"])
      let values = try readAll(path, as: UInt8.self)
      for index in ([3, 38, 47] as Extent).box.indices {
        #expect(values[[index[0], index[1], index[2] + 3]] == voxels[[index[1] + 2, index[2], index[0]]])
      }
    }
  }

  @Test func allFormatsHoldTheSameVoxels() async throws {
    let voxels = Self.pattern(Int16.self)
    try await withTemporaryFolder { folder in
      let zarr = try readAll(try await resampled(image(voxels), Self.turned, into: folder), as: Int16.self)
      for format in OutputFormat.allCases where format != .zarr {
        let path = try await resampled(image(voxels), Self.turned, into: folder) { $0.format = format }
        #expect(path.hasSuffix("registered." + format.fileExtension))
        let written = try StoredImage.open(path)
        let volume = try written.volumes().finest
        #expect(written.voxelType == .int16 && volume.extent == Self.extent)
        #expect(try volume.source.read(Self.extent.box, as: Int16.self) == zarr, "\(format)")
        #expect(volume.space.converted(to: .micrometer).spacing.allSatisfy { abs($0 - 1) < 1e-6 })
        #expect(try FileManager.default.contentsOfDirectory(atPath: (path as NSString).deletingLastPathComponent).count == 2)
      }
    }
  }

  @Test func theVersionFollowsTheFixedImage() async throws {
    let voxels = Self.pattern(UInt8.self)
    try await withTemporaryFolder { folder in
      for (format, asked, version) in [
        ("OME-Zarr 0.4", nil, OMEVersion.v04), ("OME-Zarr 0.5", nil, .v05), ("NIfTI", nil, .v05), ("OME-Zarr 0.5", OMEVersion.v04, .v04),
        ("OME-Zarr 0.4", .v05, .v05),
      ] {
        let path = try await resampled(image(voxels), Self.turned, into: folder, fixedFormat: format) { $0.omeVersion = asked }
        #expect(FileManager.default.fileExists(atPath: path + "/.zattrs") == (version == .v04))
        #expect(FileManager.default.fileExists(atPath: path + "/zarr.json") == (version == .v05))
      }
    }
  }

  @Test func aRegionIsThatPartOfTheWhole() async throws {
    let voxels = Self.pattern(UInt16.self)
    try await withTemporaryFolder { folder in
      let whole = try readAll(try await resampled(image(voxels), Self.turned, into: folder), as: UInt16.self)
      let path = try await resampled(image(voxels), Self.turned, into: folder) { $0.region = [3..<17, 5..<21, 8..<28] }
      let part = try readAll(path, as: UInt16.self)
      // Positions are rounded from another origin.
      #expect(largestDifference(part, whole.cropped(to: Box(lower: [3, 5, 8], upper: [17, 21, 28]))) <= 1)
      let place = try StoredImage.open(path).levels[0].space
      #expect(zip(place.origin, [3.0, 5, 8]).allSatisfy { abs($0 - $1) < 1e-9 } && place.unit == .micrometer)
    }
  }

  @Test func aMuchFinerMovingImageDoesNotAlias() async throws {
    // Planes of 0 and 1000 in turn: at a quarter of the resolution nothing but their mean is left.
    var stripes = VoxelBuffer<UInt16>(extent: [64, 64, 64])
    for index in stripes.extent.box.indices where index[2] % 2 == 1 { stripes[index] = 1000 }
    let fixedSpace = PhysicalSpace(spacing: [4, 4, 4], origin: [1.5, 1.5, 1.5], unit: .micrometer)
    let fixed = image(VoxelBuffer<UInt16>(extent: [16, 16, 16]), fixedSpace, name: "fixed")
    try await withTemporaryFolder { folder in
      let registration = try ChunkedRegistration(fixed: fixed, moving: image(stripes, name: "moving"), options: smallOptions())
      let coarse = knownCoarse(.translation([0, 0, 1]), on: fixedSpace, extent: [16, 16, 16])
      let path = try await registration.resample(coarse, nil, into: folder.appendingPathComponent("out").path).registered
      let inner = try readAll(path, as: UInt16.self).cropped(to: Box(lower: [1, 1, 1], upper: [14, 14, 14]))
      #expect(inner.elements.allSatisfy { $0 == 500 })
    }
  }
}
