// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// Transform files applied by the programs that they are for.
@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct TransformElsewhereTests {
  /// Points and where a program sends them by some files, z, y, x, in the files' unit.
  private struct Check: Codable {
    var program: String
    var files: [String]
    var points: [[Double]]
    var mapped: [[Double]]
    var tolerance: Double
  }

  /// Points in the frame of an image without directions.
  private func framed(_ points: [[Double]], _ lattice: FieldLattice, isOriginKept: Bool) -> [[Double]] {
    points.map { point in
      zip(lattice.space.index(of: point), zip(lattice.space.spacing, lattice.space.origin)).map { $0 * $1.0 + (isOriginKept ? $1.1 : 0) }
    }
  }

  @Test(arguments: [2, 3])
  func otherProgramsSendPointsWhereWeftDoes(rank: Int) throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.path + "/" + name }
      let sample = try SampleTransforms(rank: rank, to: path("out"))
      var checks: [Check] = []
      func convert(_ name: String, _ change: (inout TransformOptions) -> Void = { _ in }) throws {
        var options = TransformOptions()
        options.threads = 2
        change(&options)
        _ = try TransformConversion([sample.folder], options: options).run(output: path(name))
      }
      func flat(_ points: [[Double]], _ factor: Double) -> [[Double]] { points.map { $0.suffix(rank).map { $0 * factor } } }
      func add(_ program: String, _ files: [String], _ points: [[Double]], _ mapped: [[Double]], _ factor: Double) {
        checks.append(
          Check(
            program: program, files: files, points: flat(points, factor), mapped: flat(mapped, factor), tolerance: sample.hundredth * factor
          ))
      }
      // Nodes: between them a sampled field is off by what is told.
      let nodes = sample.voxels.indices.filter { sample.voxels[$0].allSatisfy { $0 == $0.rounded() } }
      let (points, mapped) = (nodes.map { sample.points[$0] }, nodes.map { sample.mapped[$0] })
      try convert("whole.nii.gz")
      try convert("whole.h5")
      try convert("whole.ome.zarr")
      try convert("short.ome.zarr") { $0.quantize = 0.005 }
      // Files of ITK are in millimetres.
      add("simpleitk", ["whole.nii.gz"], points, mapped, 1e-3)
      add("simpleitk", ["whole.h5"], points, mapped, 1e-3)
      add("omezarr", ["whole.ome.zarr"], points, mapped, 1)
      add("omezarr", ["short.ome.zarr"], points, mapped, 1)
      // antspyx is asked by resampling, in which a millimetre is a step of images that are made for it: without a unit.
      let bare = try SampleTransforms(rank: rank, to: path("bare"), unit: nil)
      var options = TransformOptions()
      options.threads = 2
      for name in ["bare.nii.gz", "bare.h5"] {
        _ = try TransformConversion([bare.folder], options: options).run(output: path(name))
        add("antspyx", [name], Array(points.prefix(6)), Array(mapped.prefix(6)), 1)
      }
      // The parts, listed as each program does.
      for part in [RegistrationPart.affine, .coarse, .local] {
        try convert(part == .affine ? "affine.mat" : "\(part.rawValue).nii.gz") { $0.part = part }
      }
      add(
        "simpleitk", ["affine.mat", "local.nii.gz"], points,
        mapped.indices.map { n in
          sample.transform.affine(zip(sample.points[nodes[n]], sampleShift(sample, nodes[n])).map(+))
        }, 1e-3)
      // The inverse, where the moving image has voxels.
      try convert("back.h5") { ($0.inverse, $0.tolerance) = (true, 0.002) }
      checks.append(
        Check(
          program: "simpleitk", files: ["back.h5"], points: flat(mapped, 1e-3), mapped: flat(points, 1e-3),
          tolerance: 0.15 * sample.fixed.finestSpacing * 1e-3))
      // Affine maps.
      let linear = points.map { sample.transform.affine($0) }
      for format in [TransformFormat.elastix, .greedy, .bigstream, .itk] {
        try convert("\(format.rawValue).txt") { ($0.part, $0.to) = (.affine, format) }
      }
      add("elastix", ["elastix.txt"], points, linear, 1e-3)
      add("simpleitk", ["itk.txt"], points, linear, 1e-3)
      options.part = .affine
      options.to = .greedy
      _ = try TransformConversion([bare.folder], options: options).run(output: path("bare.txt"))
      add("greedy", ["bare.txt"], Array(points.prefix(4)), Array(linear.prefix(4)), 1)
      add(
        "bigstream", ["bigstream.txt"], framed(points, sample.fixed, isOriginKept: false),
        framed(linear, sample.moving, isOriginKept: false), 1)
      // OME-NGFF.
      try convert("affine.json") { $0.part = .affine }
      try convert("whole.json")
      add("ngff", ["affine.json"], framed(points, sample.fixed, isOriginKept: true), framed(linear, sample.moving, isOriginKept: true), 1)
      add("ngff", ["whole.json"], framed(points, sample.fixed, isOriginKept: true), framed(mapped, sample.moving, isOriginKept: true), 1)
      try JSONEncoder().encode(checks).write(to: folder.appendingPathComponent("checks.json"))
      let result = try runInteropScript("transforms_elsewhere.py", ["check", folder.path])
      #expect(result.status == 0, "\(result.output)")
    }
  }

  /// The local displacement at a voxel of the sample, in the world.
  private func sampleShift(_ sample: SampleTransforms, _ n: Int) -> [Double] {
    let voxel = sample.voxels[n]
    let moved = zip(voxel, sample.local.displacement(at: voxel)).map(+)
    return zip(sample.fixed.space.world(of: moved), sample.fixed.space.world(of: voxel)).map(-)
  }

  /// Points and where a file sends them.
  private struct Entry: Codable {
    var name: String
    var points: [[Double]]
    var mapped: [[Double]]
  }

  @Test(arguments: [("elastix", 11), ("composites", 6)])
  func filesOfOtherProgramsSendPointsWhereTheyDo(program: String, count: Int) throws {
    try withTemporaryFolder { folder in
      let result = try runInteropScript("transforms_elsewhere.py", [program, folder.path])
      try #require(result.status == 0, "\(result.output)")
      let entries = try JSONDecoder().decode([Entry].self, from: Data(contentsOf: folder.appendingPathComponent("written.json")))
      #expect(entries.count == count)
      for entry in entries {
        let chain = try TransformChain.read(contentsOf: folder.path + "/" + entry.name).chain
        for (point, expected) in zip(entry.points, entry.mapped) {
          let found = try chain.moved(point)
          #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 2e-5 }, "\(entry.name): \(found) and not \(expected)")
        }
      }
    }
  }
}
