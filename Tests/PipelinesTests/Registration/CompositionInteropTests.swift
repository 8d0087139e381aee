// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// A run's folder, read by other programs.
@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct CompositionInteropTests {
  /// Points and where a list of files sends them, z, y, x.
  private struct Check: Codable {
    var list: [String]
    var points: [[Double]]
    var mapped: [[Double]]
  }

  private static let extent: Extent = [40, 44, 48]
  private static let space = PhysicalSpace(
    spacing: [1, 1.25, 0.8], origin: [4, -6, 9], direction: [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]], unit: .millimeter)
  /// Turns and shears: it does not commute with the warp.
  private static let affine = AffineTransform(matrix: [[0.96, 0.2, -0.1], [-0.25, 1.03, 0.15], [0.1, -0.1, 0.94]], offset: [3, -5, 4])

  private static func warp() -> DisplacementField {
    let lattice = space.downsampled(by: [4, 4, 4])
    let extent: Extent = [10, 11, 12]
    var field = VectorField(zeros: extent)
    for index in extent.box.indices {
      field.z[index] = 2 * Float(sin(Double(index[1]) * 0.6))
      field.y[index] = 2.5 * Float(cos(Double(index[2]) * 0.5))
      field.x[index] = -2 * Float(sin(Double(index[0]) * 0.7 + 1))
    }
    return DisplacementField(vectors: field, space: lattice)
  }

  @Test func theTransformsGiveTheCoarseResultElsewhere() async throws {
    try await withTemporaryFolder { folder in
      let moving = VoxelBuffer(
        extent: Self.extent,
        elements: Self.extent.box.indices.map {
          Float(1000 + 300 * sin(Double($0[0]) * 0.3) + 200 * cos(Double($0[1]) * 0.25) * sin(Double($0[2]) * 0.2))
        })
      let (fixedImage, movingImage) = (
        image(VoxelBuffer<Float>(extent: Self.extent), Self.space, name: "fixed"), image(moving, Self.space, name: "moving")
      )
      var options = smallOptions()
      options.format = .nifti
      let registration = try ChunkedRegistration(fixed: fixedImage, moving: movingImage, options: options)
      let coarse = knownCoarse(Self.affine, Self.warp(), on: Self.space, extent: Self.extent)
      let out = folder.appendingPathComponent("out").path
      let result = try await registration.resample(coarse, nil, into: out)

      // Inside the warp's lattice, where all agree what it is.
      let voxels = Box(lower: [0, 0, 0], upper: [3, 3, 3]).indices.map {
        [4 + 15.5 * Double($0[0]), 5 + 16.25 * Double($0[1]), 3 + 19.5 * Double($0[2])]
      }
      let points = voxels.map { Self.space.world(of: $0) }
      let mapped = voxels.map { coarse.transform.map(fixedVoxel: $0, local: nil) }
      let warp = Self.warp()
      let swapped = points.map { warp(Self.affine($0)) }
      #expect(zip(swapped, mapped).contains { zip($0, $1).contains { abs($0 - $1) > 0.5 } }, "the order matters")
      try JSONEncoder().encode([Check(list: ["affine.mat", "coarse_warp.nii.gz"], points: points, mapped: mapped)])
        .write(to: URL(fileURLWithPath: out + "/transforms/checks.json"))
      let checked = try runInteropScript("transforms.py", ["check", out + "/transforms"])
      #expect(checked.status == 0, "\(checked.output)")

      try await resampleElsewhere(movingImage, result.registered, out, folder)
    }
  }

  /// The whole image resampled by antspyx with the run's files.
  private func resampleElsewhere(_ moving: StoredImage, _ registered: String, _ out: String, _ folder: URL) async throws {
    let path = folder.appendingPathComponent("moving.nii.gz").path
    let identity = try ChunkedRegistration(
      fixed: image(VoxelBuffer<Float>(extent: Self.extent), Self.space, name: "fixed"), moving: moving,
      options: {
        var options = smallOptions()
        options.format = .nifti
        return options
      }())
    let copy = try await identity.resample(
      knownCoarse(.identity(rank: 3), on: Self.space, extent: Self.extent), nil, into: folder.appendingPathComponent("copy").path)
    try FileManager.default.moveItem(atPath: copy.registered, toPath: path)
    let checked = try runInteropScript("run_folder.py", ["resample", path, registered, out + "/transforms"])
    #expect(checked.status == 0, "\(checked.output)")
  }

  @Test func theImagesOpenElsewhere() async throws {
    let pair = KnownPair([32, 40, 36])
    for version in ["0.4", "0.5"] {
      try await withTemporaryFolder { folder in
        let out = folder.appendingPathComponent("out").path
        var fixed = pair.images.fixed
        fixed.format = "OME-Zarr \(version)"
        let result = try await ChunkedRegistration(fixed: fixed, moving: pair.images.moving, options: smallOptions(block: [32, 20, 36]))
          .run(into: out)
        let voxels = try readAll(result.registered, as: UInt16.self)
        let field = try readAll(out + "/transforms/field.ome.zarr", as: Float.self)
        let expected = """
          {"registered": {"shape": \(voxels.extent.lengths), "dtype": "uint16", "sum": \(voxels.elements.reduce(0) { $0 + Int($1) }), "version": "\(version)"},
           "field": {"shape": \(field.extent.lengths), "dtype": "float32", "sum": \(field.elements.reduce(0) { $0 + Double($1) })}}
          """
        try expected.write(toFile: out + "/expected.json", atomically: true, encoding: .utf8)
        let checked = try runInteropScript("run_folder.py", ["open", out])
        #expect(checked.status == 0, "\(checked.output)")
      }
    }
  }
}
