// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// What a registration can start from.
@Suite struct InitialTransformTests {
  private static let turn = AffineTransform(matrix: [[1.1, 0.2, 0], [-0.1, 0.9, 0.05], [0, 0.1, 1]], offset: [3, -4, 5])
  private static let space = PhysicalSpace(spacing: [2, 1, 1], origin: [5, 6, 7], unit: .micrometer)
  private static let points: [[Double]] = [[0, 0, 0], [9, 1, 0], [0, 8, 2], [1, 0, 7], [5, 5, 5]]

  @Test(arguments: ["a.mat", "a.txt", "chain.h5", "elastix.txt", "own.csv", "own.txt", "bigwarp.csv", "bigwarp.txt"])
  func theSameMapIsFoundInEachKindOfFile(name: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      let millimetres = Self.turn.scaled(by: LengthUnit.micrometer.factor(to: .millimeter))
      let pairs = LandmarkPairs(fixed: Self.points, moving: Self.points.map { Self.turn($0) })
      switch name {
      case "chain.h5": try TransformChain(Self.turn, unit: .micrometer).writeComposite(to: path)
      case "elastix.txt":
        var space = Self.space
        space.unit = .millimeter
        try millimetres.writeElastix(to: path, extent: [4, 5, 6], space: space)
      case "bigwarp.csv", "bigwarp.txt": try pairs.writeBigWarp(to: path)
      case "own.csv", "own.txt":
        let rows = zip(pairs.fixed, pairs.moving).map { ($0 + $1).map { "\($0)" }.joined(separator: ",") }
        try (["fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x"] + rows).joined(separator: "\n")
          .write(toFile: path, atomically: true, encoding: .utf8)
      default: try millimetres.write(to: path)
      }
      let found = try readInitialTransform(path, rank: 3, fixed: Self.space, moving: Self.space)
      for point in Self.points {
        for (a, b) in zip(found(point), Self.turn(point)) { #expect(abs(a - b) < 1e-5, "\(name): \(found)") }
      }
    }
  }

  @Test func whatBendsOrKnowsNoDirectionsIsRefusedWithTheWayOut() throws {
    try withTemporaryFolder { folder in
      let (bent, points) = (folder.appendingPathComponent("bent.h5").path, folder.appendingPathComponent("points.csv").path)
      let field = DisplacementField(vectors: VectorField(zeros: [4, 5, 6]), space: Self.space)
      try TransformChain(rank: 3, parts: [.field(field)], unit: .micrometer).writeComposite(to: bent)
      let error = #expect(throws: PipelineError.self) { try readInitialTransform(bent, rank: 3, fixed: Self.space, moving: Self.space) }
      #expect(error?.message.contains("displacement field") == true)
      let warp = folder.appendingPathComponent("warp.nii.gz").path
      try field.write(to: warp, rank: 3)
      let bends = #expect(throws: PipelineError.self) { try readInitialTransform(warp, rank: 3, fixed: Self.space, moving: Self.space) }
      #expect(
        bends?.message.contains("warp.nii.gz holds a displacement field, which bends") == true && bends?.hint?.contains(".mat") == true)
      let matrix = folder.appendingPathComponent("matrix.txt").path
      try "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n".write(toFile: matrix, atomically: true, encoding: .utf8)
      let bare = #expect(throws: PipelineError.self) { try readInitialTransform(matrix, rank: 3, fixed: Self.space, moving: Self.space) }
      #expect(bare?.message.contains("matrix.txt is a bare 4 × 4 matrix") == true && bare?.hint?.contains("weft transform convert") == true)
      try LandmarkPairs(fixed: Self.points, moving: Self.points).writeBigWarp(to: points)
      var oblique = Self.space
      oblique.direction = [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]
      let other = #expect(throws: PipelineError.self) { try readInitialTransform(points, rank: 3, fixed: Self.space, moving: oblique) }
      #expect(other?.hint?.contains("weft transform convert") == true)
      #expect(throws: PipelineError.self) { try readInitialTransform(points, rank: 2, fixed: Self.space, moving: Self.space) }
    }
  }
}
