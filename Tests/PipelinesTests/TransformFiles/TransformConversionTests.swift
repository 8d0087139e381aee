// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// Transforms written for other programs, and read back.
struct TransformConversionTests {
  private func withSample(
    _ rank: Int, unit: LengthUnit? = .micrometer, _ body: (SampleTransforms, (String) -> String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try body(try SampleTransforms(rank: rank, to: folder.path + "/out", unit: unit)) { folder.path + "/" + $0 }
    }
  }

  @discardableResult
  private func convert(
    _ inputs: [String], to output: String, _ change: (inout TransformOptions) -> Void = { _ in }
  ) throws -> TransformConversion.Result {
    var options = TransformOptions()
    options.threads = 2
    options.memory = MemoryBudget(bytes: 2_000_000_000)
    change(&options)
    return try TransformConversion(inputs, options: options).run(output: output)
  }

  /// Where a file sends points that are given in the sample's unit.
  private func moved(
    _ path: String, _ points: [[Double]], _ unit: LengthUnit? = .micrometer, _ change: (inout TransformOptions) -> Void = { _ in }
  ) throws -> [[Double]] {
    var options = TransformOptions()
    change(&options)
    let source = try TransformSource.open(path, options: options)
    let factor = source.unit.flatMap { own in unit.map { $0.factor(to: own) } } ?? 1
    var moved = points.map { SIMD3($0[0], $0[1], $0[2]) * factor }
    try source.map.move(&moved)
    return moved.map { [$0[0] / factor, $0[1] / factor, $0[2] / factor] }
  }

  @Test(arguments: [2, 3])
  func theStepsOfARegistrationSendPointsWhereItDoes(rank: Int) throws {
    try withSample(rank) { sample, _ in
      #expect(largestDifference(try moved(sample.folder, sample.points), sample.mapped) < 1e-4)
      let parts = try TransformFolder.open(sample.folder)
      for (part, count) in [(RegistrationPart.whole, 3), (.affine, 1), (.coarse, 1), (.local, 1)] {
        #expect(try parts.parts(part).parts.count == count)
      }
    }
  }

  @Test(arguments: [2, 3], ["a.nii.gz", "a.nrrd", "a.h5", "a.ome.zarr"])
  func theWholeTransformComesBackFromEachFormat(rank: Int, name: String) throws {
    for unit in [LengthUnit.micrometer, nil] {
      try withSample(rank, unit: unit) { sample, path in
        let result = try convert([sample.folder], to: path(name))
        let saidUnit: (inout TransformOptions) -> Void = { if unit == nil { $0.unit = "none" } }
        // At nodes all that is lost is single precision; between them what is said.
        let nodes = sample.voxels.indices.filter { sample.voxels[$0].allSatisfy { $0 == $0.rounded() } }
        let found = try moved(path(name), sample.points, unit, saidUnit)
        #expect(largestDifference(nodes.map { found[$0] }, nodes.map { sample.mapped[$0] }) < sample.hundredth)
        let difference = try #require(result.largestDifference)
        #expect(difference < 0.2 && result.folded == 0)
        #expect(largestDifference(found, sample.mapped) < (difference + 0.01) * sample.fixed.finestSpacing)
      }
    }
  }

  @Test func theAffinePartComesBackFromEachFormat() throws {
    for rank in [2, 3] {
      try withSample(rank) { sample, path in
        try sample.writeImage(of: sample.fixed, to: path("fixed.nii.gz"))
        try sample.writeImage(of: sample.moving, to: path("moving.nii.gz"))
        let expected = sample.points.map { sample.transform.affine($0) }
        for (name, format) in [
          ("a.mat", TransformFormat?.none), ("a.tfm", nil), ("a.txt", .itk), ("b.txt", .elastix), ("c.txt", .greedy), ("d.txt", .bigstream),
          ("a.h5", nil), ("a.csv", nil),
        ] {
          try convert([sample.folder], to: path(name)) {
            $0.part = .affine
            $0.to = format
          }
          let found = try moved(path(name), sample.points) {
            if format == .greedy || format == .bigstream { $0.from = format }
            if format == .bigstream || name == "a.csv" { ($0.fixed, $0.moving) = (path("fixed.nii.gz"), path("moving.nii.gz")) }
            if name == "a.csv" { $0.unit = "um" }
          }
          #expect(largestDifference(found, expected) < 1e-4, "\(name)")
        }
      }
    }
  }

  @Test func numbersAreWrittenAsTheyAreWithoutAUnit() throws {
    try withSample(3) { sample, path in
      for name in ["a.nii.gz", "a.h5", "a.mat"] {
        try convert([sample.folder], to: path(name)) {
          $0.unit = "none"
          if name == "a.mat" { $0.part = .affine }
        }
        let expected = name == "a.mat" ? sample.points.map { sample.transform.affine($0) } : sample.mapped
        let found = try moved(path(name), sample.points, nil) { $0.unit = "none" }
        #expect(largestDifference(found, expected) < 0.1 * sample.fixed.finestSpacing, "\(name)")
      }
      let error = #expect(throws: PipelineError.self) { try convert([sample.folder], to: path("b.h5")) { $0.unit = "mm" } }
      #expect(error?.message.contains("is in the unit micrometer, and --unit says millimeter") == true)
    }
  }

  @Test func aSidecarPlacesItsFieldInTheFixedImage() throws {
    try withSample(3) { sample, path in
      try sample.writeImage(of: sample.moving, to: path("turned.nii.gz"))
      let error = #expect(throws: PipelineError.self) {
        try convert([sample.folder], to: path("a.json")) { $0.like = path("turned.nii.gz") }
      }
      #expect(error?.message.contains("is turned against the fixed image") == true)
      try convert([sample.folder], to: path("a.json")) { $0.spacing = [4, 2.5, 1.6] }
      let document = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path("a.displacements.zarr/zarr.json"))))
      let attributes = (document as? [String: Any])?["attributes"] as? [String: Any]
      let image = ((attributes?["ome"] as? [String: Any])?["multiscales"] as? [[String: Any]])?.first
      let place = ((image?["datasets"] as? [[String: Any]])?.first?["coordinateTransformations"] as? [[String: Any]])?.first
      let steps = try #require(place?["transformations"] as? [[String: Any]])
      #expect(steps[0]["scale"] as? [Double] == [1, 4, 2.5, 1.6])
      let translation = try #require(steps[1]["translation"] as? [Double])
      #expect(zip(translation, [0] + sample.fixed.space.origin).allSatisfy { abs($0 - $1) < 1e-9 })
      // Nothing is written over.
      try FileManager.default.removeItem(atPath: path("a.json"))
      #expect(throws: (any Error).self) { try convert([sample.folder], to: path("a.json")) }
      #expect(!FileManager.default.fileExists(atPath: path("a.json")))
    }
  }

  @Test func theCoarseWarpStaysOnItsOwnLatticeInAChain() throws {
    try withSample(3) { sample, path in
      let result = try convert([sample.folder], to: path("a.h5")) { $0.part = .coarse }
      #expect(result.nodes == sample.transform.coarse?.vectors.extent.lengths)
      let found = try moved(path("a.h5"), sample.points)
      #expect(largestDifference(found, sample.points.map { sample.transform.coarse!($0) }) < 1e-4)
    }
  }

  @Test(arguments: [2, 3])
  func theInverseUndoesTheTransform(rank: Int) throws {
    try withSample(rank) { sample, path in
      // Exactly by the steps, and sampled on the moving voxels.
      for name in ["back.h5", "back.nii.gz", "back.ome.zarr"] {
        let result = try convert([sample.folder], to: path(name)) {
          $0.inverse = true
          $0.tolerance = 0.005
        }
        #expect(try #require(result.largestResidual) <= 0.005 && result.unresolved == 0, "\(name)")
        // What lies in the middle, where the moving image has voxels.
        let inside = sample.mapped.indices.filter { n in
          let index = sample.moving.space.index(of: sample.mapped[n])
          return (0..<3).allSatisfy { sample.moving.extent[$0] == 1 || (index[$0] > 1 && index[$0] < Double(sample.moving.extent[$0] - 2)) }
        }
        #expect(inside.count > 5)
        let found = try moved(path(name), inside.map { sample.mapped[$0] })
        let off = largestDifference(found, inside.map { sample.points[$0] }) / sample.fixed.finestSpacing
        #expect(off < 0.03 + 2 * (result.largestDifference ?? 0), "\(name): \(off) voxels, \(result)")
      }
      let (fixed, moving) = (sample.fixed.extent, sample.moving.extent)
      let field = try FieldImage.open(path("back.ome.zarr"))
      #expect(field.lattice.extent == moving && moving != fixed)
    }
  }

  @Test func theLastOfSeveralTransformsIsAppliedFirst() throws {
    try withSample(3) { sample, path in
      let turn = AffineTransform(matrix: [[1, 0, 0], [0, 0, 1], [0, -1, 0]], offset: [5, -3, 8])
      try turn.write(to: path("turn.mat"), unit: .micrometer)
      try convert([sample.folder], to: path("affine.mat")) { $0.part = .affine }
      let affine = sample.transform.affine
      try convert([path("turn.mat"), path("affine.mat")], to: path("one.mat"))
      try convert([path("affine.mat"), path("turn.mat")], to: path("other.mat"))
      let (one, other) = (try moved(path("one.mat"), sample.points), try moved(path("other.mat"), sample.points))
      #expect(largestDifference(one, sample.points.map { turn(affine($0)) }) < 1e-6)
      #expect(largestDifference(other, sample.points.map { affine(turn($0)) }) < 1e-6)
      #expect(largestDifference(one, other) > 1)
      // With what is bent, too: turned last.
      try convert([path("turn.mat"), sample.folder], to: path("both.h5"))
      #expect(
        largestDifference(try moved(path("both.h5"), sample.points), sample.mapped.map { turn($0) }) < 0.2 * sample.fixed.finestSpacing)
      // The image on whose voxels a field lies is that of the transform that acts first, which a matrix does not tell.
      let error = #expect(throws: PipelineError.self) { try convert([sample.folder, path("turn.mat")], to: path("c.ome.zarr")) }
      #expect(error?.hint == "give --like IMAGE")
    }
  }

  @Test func sixteenBitsKeepWhatIsStated() throws {
    for rank in [2, 3] {
      try withSample(rank) { sample, path in
        try convert([sample.folder], to: path("float.ome.zarr"))
        let result = try convert([sample.folder], to: path("short.ome.zarr")) { $0.quantize = 0.01 }
        let (float, short) = (try FieldImage.open(path("float.ome.zarr")), try FieldImage.open(path("short.ome.zarr")))
        let exact = try StoredImage.open(path("float.ome.zarr")).levels[0].source
        let image = try StoredImage.open(path("short.ome.zarr"))
        #expect(image.voxelType == .int16 && exact.voxelType == .float32 && float.lattice == short.lattice)
        let error = try #require(result.quantizationError)
        #expect(error > 0 && error <= 0.01 * sample.fixed.finestSpacing)
        let here = try moved(path("float.ome.zarr"), sample.points)
        let there = try moved(path("short.ome.zarr"), sample.points)
        let ways: [[Double]] = zip(here, there).map { zip($0, $1).map { $0 - $1 } }
        let off = ways.map { way -> Double in way.map { $0 * $0 }.reduce(0, +).squareRoot() }.max()!
        #expect(off > 0 && off <= error * 1.0001)
        let refusal = #expect(throws: PipelineError.self) {
          try convert([sample.folder], to: path("finer.ome.zarr")) { $0.quantize = 1e-7 }
        }
        #expect(refusal?.message.contains("which 16 bits hold to") == true)
        #expect(!FileManager.default.fileExists(atPath: path("finer.ome.zarr")))
      }
    }
  }

  @Test func coarserNodesLoseWhatIsSaid() throws {
    try withSample(3) { sample, path in
      let fine = try convert([sample.folder], to: path("fine.nii.gz"))
      let coarse = try convert([sample.folder], to: path("coarse.nii.gz")) { $0.spacing = [4, 4, 4] }
      #expect(try #require(coarse.largestDifference) > 2 * #require(fine.largestDifference))
      let reach = zip(sample.fixed.extent.lengths, sample.fixed.space.spacing).map { Double($0 - 1) * $1 }
      #expect(coarse.nodes == reach.map { Int(($0 / 4).rounded(.up)) + 1 })
      let off = largestDifference(try moved(path("coarse.nii.gz"), sample.points), sample.mapped) / sample.fixed.finestSpacing
      #expect(off > 0.01 && off < 2 * coarse.largestDifference!)
    }
  }

  @Test func theResultDoesNotDependOnThreads() throws {
    try withSample(3) { sample, path in
      for (name, threads) in [("one", 1), ("three", 3)] {
        try convert([sample.folder], to: path(name + ".ome.zarr")) { $0.threads = threads }
        try convert([sample.folder], to: path(name + ".h5")) {
          $0.threads = threads
          $0.inverse = true
        }
      }
      var (one, three) = (try files(below: path("one.ome.zarr")), try files(below: path("three.ome.zarr")))
      // The image's name stands in it.
      for name in ["zarr.json"] { (one[name], three[name]) = (nil, nil) }
      #expect(one == three && one.count > 2)
      #expect(FileManager.default.contentsEqual(atPath: path("one.h5"), andPath: path("three.h5")))
    }
  }

  @Test func aFoldIsCounted() throws {
    try withTemporaryFolder { folder in
      let extent: Extent = [12, 12, 12]
      var vectors = VectorField(zeros: extent)
      // Between planes 5 and 6 points pass each other.
      for (number, index) in extent.box.indices.enumerated() { vectors.z.elements[number] = index[0] < 6 ? 2 : -2 }
      let field = DisplacementField(vectors: vectors, space: PhysicalSpace(spacing: [1, 1, 1]))
      try field.write(to: folder.path + "/a.nii.gz")
      let result = try convert([folder.path + "/a.nii.gz"], to: folder.path + "/b.ome.zarr")
      #expect(result.folded == 121)
      let inverse = try convert([folder.path + "/a.nii.gz"], to: folder.path + "/c.nii.gz") { $0.inverse = true }
      #expect(inverse.notes.contains { $0.contains("lattice of the displacement that is inverted") })
      #expect(try TransformDescription(TransformSource.open(folder.path + "/a.nii.gz")).parts[0].foldedCells == 121)
    }
  }

  @Test func whatCannotBeDoneIsRefusedAndNothingIsLeft() throws {
    try withSample(3) { sample, path in
      func message(_ inputs: [String], _ output: String, _ change: (inout TransformOptions) -> Void = { _ in }) -> String {
        do {
          try convert(inputs, to: path(output), change)
          return "no error"
        } catch { return "\((error as? any LocalizedError)?.errorDescription ?? "\(error)")" }
      }
      let out = sample.folder
      #expect(message([out], "a.mat").contains("holds one affine map, and the transform has displacements"))
      #expect(message([out], "a.txt").contains("several programs name their transforms .txt"))
      #expect(message([out], "a.png").contains("tells no format"))
      #expect(
        message([out], "a.nii.gz") { $0.memory = MemoryBudget(bytes: 70_000_000) }.contains("a warp of 22440 nodes needs 12 bytes for each")
      )
      #expect(message([out], "a.nii.gz") { $0.spacing = [1, 1] }.contains("is no distance of nodes for 3 axes"))
      #expect(message([out], "a.nii.gz") { $0.quantize = 0.1 }.contains("only OME-Zarr"))
      #expect(message([path("gone")], "a.nii.gz").contains("does not exist"))
      #expect(message([out], "a.mat") { ($0.part, $0.spacing) = (.affine, [1, 1, 1]) }.contains("--like and --spacing"))
      try SampleTransforms.turnFile(path("turn.mat"))
      #expect(message([path("turn.mat")], "a.nii.gz").contains("does not tell of which image"))
      #expect(message([path("turn.mat")], "b.txt") { $0.to = .elastix }.contains("name the voxels of the fixed image"))
      try AffineTransform(matrix: [[1, 0], [0, 1]], offset: [1, 2]).write(to: path("flat.mat"))
      #expect(message([path("flat.mat"), out], "a.h5").contains("is 2D"))
      try AffineTransform(matrix: [[1, 0, 0], [0, 1, 1], [0, 1, 1]], offset: [0, 0, 0]).write(to: path("singular.mat"))
      #expect(message([path("singular.mat")], "a.mat") { $0.inverse = true }.contains("singular"))
      #expect(message([path("singular.mat")], "a.mat").contains("flattens space"))
      #expect(message([path("turn.mat")], "turn.mat").contains("is the input"))
      #expect(message([path("turn.mat")], "flat.mat").contains("exists"))
      #expect(message([out], "out/transforms/a.h5").contains("lies inside the input"))
      #expect(message([out], "missing/a.h5").contains("cannot be written"))
      #expect(message([out], "a.h5") { $0.part = .local } == "no error")
      try FileManager.default.removeItem(atPath: path("a.h5"))
      #expect(
        try Set(FileManager.default.contentsOfDirectory(atPath: path(""))) == ["out", "turn.mat", "flat.mat", "singular.mat"])
    }
  }
}

extension SampleTransforms {
  /// A quarter of a turn as ITK's affine.
  static func turnFile(_ path: String) throws {
    try AffineTransform(matrix: [[1, 0, 0], [0, 0, 1], [0, -1, 0]], offset: [5, -3, 8]).write(to: path)
  }
}
