// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Registration
import Testing
import Transforms
import Volumes

@Suite struct SyNTests {
  private let affine = AffineTransform(
    matrix: [[1.03, 0.02, 0], [0, 0.98, 0.05], [0, -0.05, 1.01]], offset: [1, 2, -3])
  private let flatAffine = AffineTransform(matrix: [[0.98, 0.05], [-0.05, 1.01]], offset: [2, -3])

  /// A smooth displacement of at most `amplitude`, nothing at the border of a box of `size`.
  private func bend(_ point: [Double], size: Double, amplitude: Double) -> [Double] {
    let envelope = point.reduce(1) { $0 * pow(max(0, sin(.pi * min(max($1 / (size - 1), 0), 1))), 2) }
    return point.indices.map { axis in
      let other = point[(axis + 1) % point.count]
      return amplitude * envelope * cos(2 * other / size + Double(axis))
    }
  }

  private func options(_ metric: RegistrationMetric = .lncc) -> SyNOptions {
    var options = SyNOptions()
    options.metric = metric
    options.levels = [.init(shrink: 2, smoothing: 1, iterations: 40), .init(shrink: 1, smoothing: 0, iterations: 15)]
    return options
  }

  /// A pair with its truth: `fixed(x) = moving(affine(x + bend(x)))`.
  private func pair() throws -> (fixed: Volume, moving: Volume) {
    let blobs = GaussianBlobs(count: 90, lower: [-2, -2, -2], upper: [42, 42, 42], widths: 1.5...3, seed: 25)
    let inverse = try #require(affine.inverse)
    let space = PhysicalSpace(spacing: [1, 1, 1])
    let fixed = blobs.volume([40, 40, 40], space) { zip($0, bend($0, size: 40, amplitude: 2.5)).map(+) }
    return (fixed, blobs.volume([44, 44, 44], PhysicalSpace(spacing: [1, 1, 1], origin: [-1, 0, -5])) { inverse($0) })
  }

  private func flatPair() throws -> (fixed: Volume, moving: Volume) {
    let blobs = GaussianBlobs(count: 110, lower: [-4, -4], upper: [84, 84], widths: 2...5, seed: 26)
    let inverse = try #require(flatAffine.inverse)
    let fixed = blobs.volume([80, 80], PhysicalSpace(spacing: [1, 1])) { zip($0, bend($0, size: 80, amplitude: 4)).map(+) }
    return (fixed, blobs.volume([90, 90], PhysicalSpace(spacing: [1, 1], origin: [-2, -8])) { inverse($0) })
  }

  /// Mean distance of the field from the truth, and of the truth from nothing, over the middle of the lattice.
  private func errors(_ field: DisplacementField, rank: Int, size: Int, amplitude: Double) -> (after: Double, before: Double) {
    var (after, before, count) = (0.0, 0.0, 0.0)
    let margin = size / 8
    let lower = [rank == 2 ? 0 : margin, margin, margin]
    let upper = [rank == 2 ? 1 : size - margin, size - margin, size - margin]
    for index in Box(lower: lower, upper: upper).indices {
      let point = Array(field.space.world(of: index.map(Double.init)).suffix(rank))
      let truth = bend(point, size: Double(size), amplitude: amplitude)
      let found = ((3 - rank)..<3).map { Double(field.vectors[$0][index]) }
      after += distance(found, truth)
      before += distance(truth, [Double](repeating: 0, count: rank))
      count += 1
    }
    return (after / count, before / count)
  }

  /// The mean length of `u(x) + v(x + u(x))`, looked up at the nearest voxel's linear neighbours, and the least Jacobian determinant.
  private func consistency(_ result: SyNResult, rank: Int) -> (mean: Double, leastJacobian: Double) {
    let extent = result.forward.vectors.extent
    let axes = Array((3 - rank)..<3)
    func look(_ field: DisplacementField, _ position: [Double], _ axis: Int) -> Double {
      var sum = 0.0
      let base = position.map { Int($0.rounded(.down)) }
      for corner in 0..<8 {
        var weight = 1.0
        var index = base
        for a in 0..<3 {
          let fraction = position[a] - Double(base[a])
          let isUpper = corner >> a & 1 == 1
          weight *= isUpper ? fraction : 1 - fraction
          index[a] = min(max(base[a] + (isUpper ? 1 : 0), 0), extent[a] - 1)
        }
        if weight > 0 { sum += weight * Double(field.vectors[axis][index]) }
      }
      return sum
    }
    var (mean, count, least) = (0.0, 0.0, Double.infinity)
    let inner = Box(lower: (0..<3).map { $0 < 3 - rank ? 0 : 3 }, upper: (0..<3).map { $0 < 3 - rank ? 1 : extent[$0] - 3 })
    for index in inner.indices {
      let u = (0..<3).map { Double(result.forward.vectors[$0][index]) }
      let position = (0..<3).map { Double(index[$0]) + u[$0] }
      mean += distance((0..<3).map { u[$0] + look(result.inverse, position, $0) }, [0, 0, 0])
      count += 1
      let jacobian = axes.map { row in
        axes.map { column in
          var (next, previous) = (index, index)
          next[column] += 1
          previous[column] -= 1
          let slope = Double(result.forward.vectors[row][next] - result.forward.vectors[row][previous]) / 2
          return slope + (row == column ? 1 : 0)
        }
      }
      least = min(least, AffineTransform(matrix: jacobian, offset: [Double](repeating: 0, count: rank)).determinant)
    }
    return (mean / count, least)
  }

  @Test(arguments: [RegistrationMetric.lncc, .mi, .mse])
  func aKnownWarpIsRecoveredInvertiblyWithoutFolds(metric: RegistrationMetric) throws {
    let (fixed, moving) = try pair()
    let result = try registerSyN(fixed: fixed, moving: moving, initial: affine, options: options(metric))
    let errors = errors(result.forward, rank: 3, size: 40, amplitude: 2.5)
    #expect(errors.after < (metric == .mi ? 0.5 : 0.3) * errors.before, "\(errors)")
    let (mean, least) = consistency(result, rank: 3)
    #expect(mean < 0.1 && least > 0.2, "\(mean), \(least)")
    #expect(result.levels.count == 2 && result.levels.allSatisfy { $0.iterations > 0 })
    #expect(result.levels[0].iterations <= 40 && result.levels[1].iterations <= 15)
    #expect(result.forward.space == fixed.space)
  }

  @Test(arguments: [RegistrationMetric.lncc, .mi, .mse])
  func aKnownWarpOfAPlaneIsRecoveredInvertiblyWithoutFolds(metric: RegistrationMetric) throws {
    let (fixed, moving) = try flatPair()
    let result = try registerSyN(fixed: fixed, moving: moving, initial: flatAffine, options: options(metric))
    let errors = errors(result.forward, rank: 2, size: 80, amplitude: 4)
    #expect(errors.after < (metric == .mi ? 0.5 : 0.3) * errors.before, "\(errors)")
    let (mean, least) = consistency(result, rank: 2)
    #expect(mean < 0.1 && least > 0.2, "\(mean), \(least)")
    #expect(result.forward.vectors.z.elements.allSatisfy { $0 == 0 })
  }

  @Test func identicalImagesStayWhereTheyAre() throws {
    let (fixed, _) = try flatPair()
    let result = try registerSyN(fixed: fixed, moving: fixed, initial: .identity(rank: 2), options: options())
    let largest = (0..<3).flatMap { result.forward.vectors[$0].elements }.map { abs($0) }.max() ?? 0
    #expect(largest < 0.2)
  }

  @Test func placeAndDirectionDoNotChangeTheWarp() throws {
    let (fixed, moving) = try flatPair()
    let plain = try registerSyN(fixed: fixed, moving: moving, initial: flatAffine, options: options())
    // The same lattices far from the world's origin.
    let shift = [40_000.0, -90_000]
    var (farFixed, farMoving) = (fixed, moving)
    farFixed.space.origin = zip(fixed.space.origin, shift).map(+)
    farMoving.space.origin = zip(moving.space.origin, shift).map(-)
    let back = AffineTransform.translation(shift.map(-))
    let result = try registerSyN(fixed: farFixed, moving: farMoving, initial: back.after(flatAffine).after(back), options: options())
    for axis in 1..<3 {
      for (a, b) in zip(plain.forward.vectors[axis].elements, result.forward.vectors[axis].elements) { #expect(abs(a - b) < 0.02) }
    }
    #expect(Array(result.forward.space.origin.suffix(2)) == farFixed.space.origin)
  }

  @Test func whatTheMaskHidesDoesNotPull() throws {
    var (fixed, moving) = try flatPair()
    let clean = try registerSyN(fixed: fixed, moving: moving, initial: flatAffine, options: options())
    // A decoy in the corner of each image, at different places.
    var mask = VoxelBuffer<UInt8>(extent: fixed.extent, repeating: 1)
    for index in Box(lower: [0, 0], upper: [22, 22]).indices {
      fixed.voxels[index] = index[0] / 3 % 2 == 0 ? 300 : 0
      mask[index] = 0
    }
    for index in Box(lower: [0, 0], upper: [22, 24]).indices { moving.voxels[index] = index[1] / 4 % 2 == 0 ? 400 : .nan }
    let masked = try registerSyN(
      fixed: fixed, moving: moving, fixedMask: Mask(voxels: mask, space: fixed.space), initial: flatAffine, options: options())
    let (free, held) = (errors(clean.forward, rank: 2, size: 80, amplitude: 4), errors(masked.forward, rank: 2, size: 80, amplitude: 4))
    #expect(held.after < 0.4 * held.before, "\(free) \(held)")
  }

  @Test func theSamePairGivesTheSameBytesAlsoAtOnce() async throws {
    let (fixed, moving) = try flatPair()
    let results = try await withThrowingTaskGroup(of: VectorField.self) { group in
      for _ in 0..<2 {
        group.addTask { try registerSyN(fixed: fixed, moving: moving, initial: flatAffine, options: options()).forward.vectors }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results[0] == results[1])
  }

  @Test func planesInSpaceGiveWhatPlanesGive() throws {
    let (fixed, moving) = try flatPair()
    func lifted(_ volume: Volume) -> Volume {
      Volume(voxels: volume.voxels.reshaped(to: Extent([1] + volume.extent.lengths)), space: volume.space.liftedToThreeAxes())
    }
    let start = AffineTransform(
      matrix: [[1, 0, 0], [0] + flatAffine.matrix[0], [0] + flatAffine.matrix[1]], offset: [0] + flatAffine.offset)
    let flat = try registerSyN(fixed: fixed, moving: moving, initial: flatAffine, options: options())
    let inSpace = try registerSyN(fixed: lifted(fixed), moving: lifted(moving), initial: start, options: options())
    #expect(inSpace.forward.vectors == flat.forward.vectors)
    #expect(inSpace.inverse.vectors == flat.inverse.vectors)
    #expect(inSpace.forward.space == lifted(fixed).space)
  }

  @Test func aConstantImageIsRefused() throws {
    let (fixed, _) = try flatPair()
    let constant = Volume(voxels: VoxelBuffer(extent: fixed.extent, repeating: 3), space: fixed.space)
    let error = try #require(throws: RegistrationError.self) {
      try registerSyN(fixed: constant, moving: fixed, initial: .identity(rank: 2))
    }
    #expect(error.code == .constantImage)
  }

  @Test func optionsOutOfRangeAreRefused() throws {
    let (fixed, moving) = try flatPair()
    for change in [
      { $0.levels = [] }, { $0.levels[0].shrink = 0 }, { $0.levels[$0.levels.count - 1].shrink = 2 }, { $0.radius = 0 }, { $0.step = 0 },
      { $0.convergenceWindow = 1 }, { $0.updateVariance = -1 },
    ] as [@Sendable (inout SyNOptions) -> Void] {
      var wrong = options()
      change(&wrong)
      let error = try #require(throws: RegistrationError.self) {
        try registerSyN(fixed: fixed, moving: moving, initial: flatAffine, options: wrong)
      }
      #expect(error.code == .invalidOption)
    }
  }
}
