// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Patches
import TestSupport
import Testing
import Volumes

struct PatchDatasetTests {
  private static let extent: Extent = [40, 44, 48]

  /// A raw image and labels, of which a patch of odd and even lengths is cut.
  private func withPair(
    shape: Extent = [9, 12, 16], scale: [Double] = [4, 4, 4], padded: Bool = false,
    _ body: (PatchDataset, VoxelBuffer<UInt16>, VoxelBuffer<UInt32>) throws -> Void
  ) throws {
    try withFixtures { fixtures in
      let (raw, labels) = (PatchFixtures.noise(Self.extent), PatchFixtures.labels(Self.extent, objects: 30))
      var options = PatchDataset.Options()
      options.isPadded = padded
      let array = PatchArray(name: "raw", shape: shape, scale: scale)
      let dataset = try PatchDataset(
        raw: PatchSource(path: fixtures.write(raw, "raw.ome.zarr")),
        labels: ["nucleus": PatchSource(path: fixtures.write(labels, "labels.ome.zarr"))], classes: ["nucleus", "mito"], inputs: [array],
        targets: [PatchArray(name: "target", shape: shape, scale: scale)], options: options)
      try body(dataset, raw, labels)
    }
  }

  @Test func aPatchIsTheVoxelsOfItsBox() throws {
    try withPair { dataset, raw, labels in
      #expect(dataset.count == (40 - 9 + 1) * (44 - 12 + 1) * (48 - 16 + 1))
      var random = SeededGenerator(seed: 5)
      for position in [0, dataset.count - 1] + (0..<20).map({ _ in Int.random(in: 0..<dataset.count, using: &random) }) {
        let patch = try dataset.patch(at: position, Augmentation(labels: .init([])))
        let lower = [position / (33 * 33), position / 33 % 33, position % 33]
        let box = Box(lower: lower, extent: [9, 12, 16])
        #expect(patch[0][0] == raw.cropped(to: box).mapVoxels { Float($0) })
        #expect(patch[1][0] == labels.cropped(to: box).mapVoxels { Float($0) })
        #expect(!patch[1][1].elements.contains { !$0.isNaN }, "nobody annotated it")
        let center: [Double] = (0..<3).map { axis in 4 * (Double(lower[axis]) + Double(box.extent[axis]) / 2) }
        #expect(dataset.center(at: position) == center)
      }
    }
  }

  /// Mirrors and turns by quarters hold the voxels themselves, not what lies between them.
  @Test func mirrorsAndQuarterTurnsAreExact() throws {
    try withPair(shape: [12, 12, 12]) { dataset, raw, labels in
      let position = dataset.count / 2
      let plain = try dataset.patch(at: position)
      func value(_ patch: VoxelBuffer<Float>, _ place: [Int]) -> Float { patch[place] }
      let cases: [(SpatialTransform, ([Int]) -> [Int])] = [
        (.mirror([1, 0, 0]), { [11 - $0[0], $0[1], $0[2]] }), (.mirror([1, 1, 1]), { $0.map { 11 - $0 } }),
        // Turned about z by 90°: y goes to x.
        (.rotate([90...90, 0...0, 0...0]), { [$0[0], $0[2], 11 - $0[1]] }),
        (.rotate([180...180, 0...0, 0...0]), { [$0[0], 11 - $0[1], 11 - $0[2]] }),
        (.rotate([0...0, 0...0, -90 ... -90]), { [11 - $0[1], $0[0], $0[2]] }),
      ]
      for (transform, place) in cases {
        let turned = try dataset.patch(at: position, Augmentation(places: [transform]))
        for channel in 0..<2 {
          for index in Self.places where turned[channel][0][index] != plain[channel][0][place(index)] {
            Issue.record("\(transform) at \(index), channel \(channel)")
            return
          }
        }
      }
    }
  }

  private static let places = (0..<300).map { number in [number * 7 % 12, number * 5 % 12, number * 11 % 12] }

  @Test func aTransposedPatchHoldsEachOrderOfAxes() throws {
    try withPair(shape: [8, 8, 8]) { dataset, _, _ in
      let plain = try dataset.patch(at: 1234)[0][0]
      var orders: Set<[Int]> = []
      for draw in 0..<60 {
        let patch = try dataset.patch(at: 1234, Augmentation(places: [.transpose([0, 1, 2])]), draw: draw)[0][0]
        let order = Self.permutations.filter { order in
          Box(lower: [0, 0, 0], extent: [8, 8, 8]).indices.allSatisfy { patch[$0] == plain[[$0[order[0]], $0[order[1]], $0[order[2]]]] }
        }
        #expect(order.count == 1)
        orders.formUnion(order)
      }
      #expect(orders.count == 6)
    }
  }

  private static let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

  @Test func rawAndLabelsMoveTogether() throws {
    // The labels are the raw image, above a threshold: so they are after any motion, but for what lies between voxels.
    try withFixtures { fixtures in
      let extent: Extent = [48, 48, 48]
      let smooth = VoxelBuffer(
        extent: extent,
        elements: extent.box.indices.map { Float(100 * sin(Double($0[0]) / 5) * cos(Double($0[1]) / 6) + 100 * sin(Double($0[2]) / 7)) })
      let array = PatchArray(name: "raw", shape: [20, 20, 20], scale: [4, 4, 4])
      let dataset = try PatchDataset(
        raw: PatchSource(path: fixtures.write(smooth, "raw.ome.zarr")),
        labels: ["high": PatchSource(path: fixtures.write(smooth.mapVoxels { $0 > 20 ? UInt8(1) : 0 }, "high.ome.zarr"))],
        classes: ["high"], inputs: [array], targets: [PatchArray(name: "target", shape: [20, 20, 20], scale: [4, 4, 4])])
      let places: [SpatialTransform] = [
        .mirror([0.5, 0.5, 0.5]), .transpose([0, 1, 2]), .rotate([-30...30, -30...30, -30...30]), .scale(0.9...1.1),
        .elastic(spacing: 40, deviation: 6),
      ]
      for draw in 0..<10 {
        let patch = try dataset.patch(at: dataset.count / 2, Augmentation(places: places), draw: draw)
        let compared = zip(patch[0][0].elements, patch[1][0].elements).filter { !$0.isNaN && !$1.isNaN }
        #expect(compared.count > 7000)
        let wrong = compared.count { ($0 > 20) != ($1 > 0) && abs($0 - 20) > 30 }
        #expect(wrong == 0, "draw \(draw)")
      }
    }
  }

  @Test func coarserLabelsCoverTheSamePlace() throws {
    try withFixtures { fixtures in
      // Labels of 8 nm, each voxel its number, over raw of 4 nm.
      let labels = VoxelBuffer(extent: [20, 20, 20], elements: (1...8000).map { UInt16($0) })
      let raw = VoxelBuffer(
        extent: [40, 40, 40],
        elements: Box(lower: [0, 0, 0], extent: [40, 40, 40]).indices.map { place in
          labels[place.map { $0 / 2 }]
        })
      let dataset = try PatchDataset(
        raw: PatchSource(path: fixtures.write(raw, "raw.ome.zarr", spacing: 4)),
        labels: ["all": PatchSource(path: fixtures.write(labels, "labels.ome.zarr", spacing: 8))], classes: ["all"],
        inputs: [PatchArray(name: "raw", shape: [16, 16, 16], scale: [4, 4, 4])],
        targets: [
          PatchArray(name: "coarse", shape: [8, 8, 8], scale: [8, 8, 8]), PatchArray(name: "fine", shape: [16, 16, 16], scale: [4, 4, 4]),
        ])
      // Even and odd places.
      for lower in [[0, 0, 0], [2, 4, 6], [24, 24, 24], [3, 5, 7]] {
        let position = (lower[0] * 25 + lower[1]) * 25 + lower[2]
        let patch = try dataset.patch(at: position, Augmentation(labels: .init([])))
        #expect(patch[2][0] == patch[0][0], "\(lower)")
        if lower[0] % 2 == 0 {
          #expect(patch[1][0] == labels.cropped(to: Box(lower: lower.map { $0 / 2 }, extent: [8, 8, 8])).mapVoxels { Float($0) })
        } else {
          // Between voxels: the same neighbour everywhere.
          #expect(patch[1][0][[0, 0, 0]] == Float(labels[lower.map { $0 / 2 + 1 }]))
          #expect(Set(patch[1][0].elements).count == 512)
        }
      }
    }
  }

  @Test func aCoarserScaleIsReadFromTheLevelThatHasIt() throws {
    try withFixtures { fixtures in
      let raw = PatchFixtures.noise([64, 64, 64])
      let path = try fixtures.write(raw, "raw.ome.zarr", levels: 3)
      let flat = try fixtures.write(raw, "flat.ome.zarr")
      func patch(_ scale: Double, of path: String) throws -> VoxelBuffer<Float> {
        try PatchDataset(
          raw: PatchSource(path: path), labels: [:], classes: [],
          inputs: [PatchArray(name: "raw", shape: [16, 16, 16], scale: [scale, scale, scale])],
          targets: []
        ).patch(at: 0)[0][0]
      }
      func mean(_ place: [Int], _ factor: Int) -> Float {
        let box = Box(lower: place.map { $0 * factor }, extent: [factor, factor, factor])
        return Float(box.indices.reduce(0) { $0 + Double(raw[$1]) } / Double(box.extent.count))
      }
      #expect(abs(try patch(8, of: path)[[3, 4, 5]] - mean([3, 4, 5], 2)) <= 0.5)
      // Without levels 4 nm are averaged by three.
      #expect(abs(try patch(12, of: flat)[[3, 4, 5]] - mean([3, 4, 5], 3)) <= 1e-2)
    }
  }

  @Test func whatLiesBeyondIsNotKnown() throws {
    try withPair(padded: true) { dataset, raw, _ in
      #expect(dataset.count > 40 * 44 * 48 - 1)
      let patch = try dataset.patch(at: 0)
      #expect(patch[0][0].elements.contains { $0.isNaN } && patch[0][0].elements.contains { !$0.isNaN })
      #expect(patch[1][0].elements.contains { $0.isNaN } && patch[1][0].elements.contains { !$0.isNaN })
      let known = zip(patch[0][0].elements, patch[1][0].elements).allSatisfy { $0.isNaN == $1.isNaN }
      #expect(known)
    }
  }

  @Test func idsThatSinglePrecisionDoesNotHoldStayApart() throws {
    try withFixtures { fixtures in
      let big = UInt64(1) << 40
      let labels = VoxelBuffer(extent: [8, 8, 8], elements: (0..<512).map { big + UInt64($0 % 4) })
      let dataset = try PatchDataset(
        raw: PatchSource(path: fixtures.write(PatchFixtures.noise([8, 8, 8]), "raw.ome.zarr")),
        labels: ["cell": PatchSource(path: fixtures.write(labels, "labels.ome.zarr"))], classes: ["cell"],
        inputs: [PatchArray(name: "raw", shape: [8, 8, 8], scale: [4, 4, 4])],
        targets: [PatchArray(name: "t", shape: [8, 8, 8], scale: [4, 4, 4])])
      let patch = try dataset.patch(at: 0, Augmentation(labels: .init([])))[1][0]
      #expect(Set(patch.elements) == [1, 2, 3, 4])
      #expect(Array(patch.elements.prefix(5)) == [1, 2, 3, 4, 1])
    }
  }

  /// Single precision holds no odd numbers there.
  @Test func classesOfIdsThatSinglePrecisionDoesNotHoldAreThoseAndNoOthers() throws {
    try withFixtures { fixtures in
      let extent: Extent = [16, 16, 16]
      let ids = VoxelBuffer(extent: extent, elements: (0..<extent.count).map { UInt32(16_777_216 + $0 % 3) })
      let raw = PatchSource(path: try fixtures.write(PatchFixtures.noise(extent), "raw.ome.zarr"))
      let path = try fixtures.write(ids, "ids.ome.zarr")
      let array = PatchArray(name: "raw", shape: [16, 16, 16], scale: [4, 4, 4])
      let dataset = try PatchDataset(
        raw: raw, labels: ["a": PatchSource(path: path, value: 16_777_217)], classes: ["a"], inputs: [array],
        targets: [PatchArray(name: "t", shape: [16, 16, 16], scale: [4, 4, 4])])
      #expect(try dataset.patch(at: 0)[1][0].elements == ids.elements.map { $0 == 16_777_217 ? 1 : 0 })
      let census = try PatchSpecification().censuses(of: MultiDataset([dataset]))
      #expect(census.first?.counts["a"]?.present == Double(ids.elements.count { $0 == 16_777_217 }))
    }
  }

  /// A crop of 20³ is annotated in the middle of 40³; the network sees 16³ and predicts the middle 8³.
  @Test func whatIsAnnotatedIsReachedToItsFacesWhereThereIsMoreOfTheImageAround() throws {
    try withFixtures { fixtures in
      let raw = PatchSource(path: try fixtures.write(PatchFixtures.noise([40, 40, 40]), "raw.ome.zarr"))
      let labels = PatchFixtures.labels([20, 20, 20], objects: 9)
      let crop = PatchSource(path: try fixtures.write(labels, "labels.ome.zarr", corner: [40, 40, 40]))
      let dataset = try PatchDataset(
        raw: raw, labels: ["a": crop], classes: ["a"], inputs: [PatchArray(name: "raw", shape: [16, 16, 16], scale: [4, 4, 4])],
        targets: [PatchArray(name: "t", shape: [8, 8, 8], scale: [4, 4, 4])])
      #expect(dataset.count == 13 * 13 * 13)
      var covered = Set<[Int]>()
      for position in dataset.tiles {
        let patch = try dataset.patch(at: position)
        #expect(!patch[0][0].elements.contains(where: \.isNaN) && !patch[1][0].elements.contains(where: \.isNaN))
        let lower = dataset.center(at: position).map { Int($0 / 4) - 4 - 10 }
        covered.formUnion(Box(lower: lower, extent: [8, 8, 8]).indices)
      }
      #expect(covered.count == 20 * 20 * 20)
      // An array that is larger than the first stays within its image, too.
      let wide = try PatchDataset(
        raw: raw, labels: [:], classes: [],
        inputs: [
          PatchArray(name: "raw", shape: [8, 8, 8], scale: [4, 4, 4]), PatchArray(name: "wide", shape: [16, 16, 16], scale: [8, 8, 8]),
        ],
        targets: [])
      #expect(wide.count == 9 * 9 * 9)
      for position in [0, wide.count - 1] { #expect(try !wide.patch(at: position)[1][0].elements.contains(where: \.isNaN)) }
    }
  }

  @Test func whatDoesNotFitIsToldWithBothSides() throws {
    try withFixtures { fixtures in
      let raw = PatchSource(path: try fixtures.write(PatchFixtures.noise([16, 16, 16]), "raw.ome.zarr"))
      let away = PatchSource(path: try fixtures.write(PatchFixtures.labels([8, 8, 8], objects: 3), "away.ome.zarr", corner: [1000, 0, 0]))
      let array = PatchArray(name: "raw", shape: [32, 8, 8], scale: [4, 4, 4])
      func error(_ labels: [String: PatchSource], _ inputs: [PatchArray]) -> String {
        do {
          _ = try PatchDataset(
            raw: raw, labels: labels, classes: ["a"], inputs: inputs, targets: [PatchArray(name: "t", shape: [8, 8, 8], scale: [4, 4, 4])])
          return ""
        } catch { return "\(error.localizedDescription)" }
      }
      #expect(error([:], [array]).contains("takes [128.0, 32.0, 32.0] and there is room for [64.0, 64.0, 64.0]"))
      #expect(error(["a": away], [PatchArray(name: "raw", shape: [8, 8, 8], scale: [4, 4, 4])]).contains("share nothing"))
      #expect(error(["b": away], [array]).contains("`b`"))
      // The labels hold exactly one patch, half a voxel off.
      let beside = PatchSource(
        path: try fixtures.write(PatchFixtures.labels([8, 8, 8], objects: 3), "beside.ome.zarr", corner: [2, 0, 0]))
      #expect(
        error(["a": beside], [PatchArray(name: "raw", shape: [8, 8, 8], scale: [4, 4, 4])]).contains("there is no place for a patch"))
      #expect(error([:], []).contains("input array"))
      #expect(error([:], [PatchArray(name: "raw", shape: [8, 8, 8], scale: [1e-9, 1e-9, 1e-9])]).contains("than can be counted"))
      #expect(error([:], [PatchArray(name: "raw", shape: [8, 8, 8], scale: [1e300, 1, 1])]).contains("there is room for"))
      #expect(error([:], [PatchArray(name: "t", shape: [8, 8, 8], scale: [4, 4, 4])]).contains("two arrays are called `t`"))
    }
  }
}
