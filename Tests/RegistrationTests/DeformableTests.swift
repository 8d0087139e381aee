// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Registration
import Testing
import Transforms
import Volumes

struct DeformableTests {
  static let volume = DeformablePhantom([40, 48, 56], amplitude: 3)
  static let plane = DeformablePhantom([1, 120, 140], amplitude: 4, seed: 2)

  func options(_ metric: DeformableMetric = .lncc(), _ change: (inout DeformableOptions) -> Void = { _ in }) -> DeformableOptions {
    var options = DeformableOptions(metric: metric)
    options.minimumExtent = 16
    options.threads = 2
    change(&options)
    return options
  }

  @Test(arguments: [DeformableMetric.lncc(), .meanSquares, .mutualInformation()], [false, true])
  func aKnownWarpIsFound(metric: DeformableMetric, symmetric: Bool) throws {
    for phantom in [Self.volume, Self.plane] {
      let result = try registerDeformable(
        fixed: phantom.fixed, moving: phantom.moving, options: options(metric) { $0.symmetric = symmetric })
      let before = phantom.error(of: VectorField(zeros: phantom.fixed.extent))
      let after = phantom.error(of: result.forward)
      #expect(after < 0.12 * before, "\(after) of \(before)")
      #expect(result.metricAfter > result.metricBefore)
      #expect(folding(of: result.forward).foldedPercent == 0)
      if phantom.fixed.extent[0] == 1 { #expect(result.forward.z.elements.allSatisfy { $0 == 0 }) }
    }
  }

  /// Splines through the samples of a field and through all its voxels.
  @Test(arguments: [0, 1]) func aFieldsSamplesSayWhatItsVoxelsSay(skippedFineLevels: Int) throws {
    for phantom in [Self.volume, Self.plane] {
      let extent = phantom.fixed.extent
      let field = try registerDeformable(
        fixed: phantom.fixed, moving: phantom.moving, options: options { $0.skippedFineLevels = skippedFineLevels }
      ).field
      #expect(field.factors.max() == 2 << skippedFineLevels)
      let lattice = SplineLattice(extent: extent, stride: 4)
      let ofVoxels = SplineField.fitting(field.expanded(threads: 2), over: extent.box, on: lattice).dense(over: extent.box)
      let ofSamples = SplineField.fitting(
        samples: field.vectors, first: field.factors.map { Double($0 - 1) / 2 }, steps: field.factors.map(Double.init),
        over: extent.box, on: lattice
      ).dense(over: extent.box)
      let longest = field.vectors.longestComponent()
      for axis in 0..<3 {
        let differences = zip(ofVoxels[axis].elements, ofSamples[axis].elements).map { abs($0 - $1) }
        #expect(differences.max()! < 0.1 * longest)
        #expect(differences.reduce(0, +) / Float(differences.count) < 0.02 * longest)
      }
    }
  }

  @Test func symmetricFieldsUndoEachOther() throws {
    for phantom in [Self.volume, Self.plane] {
      let result = try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, options: options { $0.symmetric = true })
      let inverse = try #require(result.inverse)
      for round in [composed(outer: inverse, inner: result.forward), composed(outer: result.forward, inner: inverse)] {
        var sum = 0.0
        for i in phantom.visible {
          let d = (0..<3).map { Double(round[$0].elements[i]) }
          sum += (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).squareRoot()
        }
        #expect(sum / Double(phantom.visible.count) < 0.05)
      }
    }
  }

  @Test func anInverseComesOnRequest() throws {
    let phantom = Self.plane
    let result = try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, options: options { $0.inverse = true })
    let round = composed(outer: try #require(result.inverse), inner: result.forward)
    let mean = phantom.visible.reduce(0.0) { $0 + Double(abs(round.x.elements[$1]) + abs(round.y.elements[$1])) }
    #expect(mean / Double(phantom.visible.count) < 0.05)
  }

  @Test func swappingTheImagesSwapsTheSymmetricFields() throws {
    let phantom = Self.plane
    let there = try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, options: options { $0.symmetric = true })
    let back = try registerDeformable(fixed: phantom.moving, moving: phantom.fixed, options: options { $0.symmetric = true })
    let inverse = try #require(back.inverse)
    let apart = phantom.visible.map { abs(inverse.x.elements[$0] - there.forward.x.elements[$0]) }
    #expect(apart.max()! < 0.02)
  }

  @Test func threadsChangeNothing() throws {
    let phantom = Self.volume
    for metric in [DeformableMetric.lncc(), .meanSquares, .mutualInformation()] {
      let one = try registerDeformable(
        fixed: phantom.fixed, moving: phantom.moving, options: options(metric) { ($0.threads, $0.iterations) = (1, [4]) })
      let three = try registerDeformable(
        fixed: phantom.fixed, moving: phantom.moving, options: options(metric) { ($0.threads, $0.iterations) = (3, [4]) })
      #expect(one.forward == three.forward && one.metricAfter == three.metricAfter)
    }
  }

  @Test func equalImagesStayWhereTheyAre() throws {
    let image = Self.volume.fixed
    let result = try registerDeformable(fixed: image, moving: image, options: options())
    for axis in 0..<3 { #expect(result.forward[axis].elements.map { abs($0) }.max()! < 0.01) }
  }

  @Test func unevenLightDoesNotMatterToLocalCorrelation() throws {
    let phantom = Self.volume
    var lit = phantom.fixed
    for index in lit.extent.box.indices { lit[index] = (0.5 + Float(index[2]) / 40) * lit[index] + 2 + 0.03 * Float(index[1]) }
    let result = try registerDeformable(fixed: lit, moving: phantom.moving, options: options())
    #expect(phantom.error(of: result.forward) < 0.15 * phantom.error(of: VectorField(zeros: lit.extent)))
  }

  @Test func informationFindsInvertedContrast() throws {
    let phantom = Self.plane
    let result = try registerDeformable(
      fixed: phantom.fixed.mapVoxels { 3 - 2 * $0 }, moving: phantom.moving, options: options(.mutualInformation()))
    #expect(phantom.error(of: result.forward) < 0.15 * phantom.error(of: VectorField(zeros: phantom.fixed.extent)))
  }

  @Test func aStartIsGoneOnFrom() throws {
    let phantom = Self.volume
    let still = try registerDeformable(
      fixed: phantom.fixed, moving: phantom.moving, initial: phantom.truth, options: options { $0.iterations = [0] })
    #expect(phantom.error(of: still.forward) < 0.06)
    let result = try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, initial: phantom.truth, options: options())
    #expect(result.metricBefore > 0.5)
    #expect(phantom.error(of: result.forward) < 0.2)
  }

  @Test func flatGroundNeitherStallsNorExplodes() throws {
    let phantom = DeformablePhantom([40, 48, 64], amplitude: 3, seed: 4, background: 0.6)
    for metric in [DeformableMetric.lncc(), .meanSquares, .mutualInformation()] {
      let result = try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, options: options(metric))
      #expect(phantom.error(of: result.forward) < 0.15 * phantom.error(of: VectorField(zeros: phantom.fixed.extent)))
      for axis in 0..<3 { #expect(result.forward[axis].elements.allSatisfy { abs($0) < 8 }) }
    }
  }

  @Test func anisotropicVoxelsAreShrunkAlongTheirFineAxesFirst() throws {
    let phantom = DeformablePhantom([20, 64, 64], amplitude: 2, seed: 6)
    let result = try registerDeformable(
      fixed: phantom.fixed, moving: phantom.moving, spacing: [4, 1, 1], options: options { $0.minimumExtent = 8 })
    #expect(result.levels.map(\.shrinkFactors) == [[2, 8, 8], [1, 4, 4], [1, 2, 2], [1, 1, 1]])
    #expect(phantom.error(of: result.forward) < 0.35 * phantom.error(of: VectorField(zeros: phantom.fixed.extent)))
  }
}
