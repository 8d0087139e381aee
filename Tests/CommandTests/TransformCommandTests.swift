// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Grids
import Testing
import TestSupport
import Transforms
import Volumes

/// `weft transform`: what is printed, written and refused.
struct TransformCommandTests {
  private typealias Affine = Transforms.AffineTransform

  /// A folder with two affine maps of ITK that do not commute, and a warp.
  private func withTransforms(_ body: (ImageFolder) async throws -> Void) async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try Affine(matrix: [[0, -1, 0], [1, 0, 0], [0, 0, 1]], offset: [5, -3, 8]).write(to: folder.path("turn.mat"))
      try Affine(matrix: [[1, 0, 0], [0, 1, 0.25], [0, 0, 2]], offset: [0, 0, 1]).write(to: folder.path("shear.tfm"))
      var vectors = VectorField(zeros: [8, 9, 10])
      for (number, index) in vectors.extent.box.indices.enumerated() { vectors.x.elements[number] = Float(index[0]) * 0.25 }
      let space = PhysicalSpace(spacing: [2, 1, 1], origin: [3, 4, 5])
      try DisplacementField(vectors: vectors, space: space).write(to: folder.path("warp.nii.gz"))
      try await body(folder)
    }
  }

  private func json(_ transcript: Transcript) throws -> [String: Any] {
    try #require(transcript.status == .done, "\(transcript.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(transcript.output.utf8)) as? [String: Any])
  }

  @Test func infoTellsWhatATransformIs() async throws {
    try await withTransforms { folder in
      let told = await weft("transform info @turn.mat", in: folder)
      #expect(told.status == .done && told.output.contains("ITK/ANTs affine (MATLAB)"), "\(told.errors)")
      #expect(told.output.contains("90° about 0 0") && told.output.contains("translation  5 -3 8 millimeter"), "\(told.output)")
      let parts = try #require(try json(await weft("transform info @warp.nii.gz --json", in: folder))["parts"] as? [[String: Any]])
      #expect(parts.count == 1 && parts[0]["kind"] as? String == "displacement" && parts[0]["extent"] as? [Int] == [8, 9, 10])
      #expect(parts[0]["largestDisplacement"] as? Double == 1.75 && parts[0]["foldedCells"] as? Int == 0)
    }
  }

  @Test func theLastTransformOfAListIsAppliedFirst() async throws {
    try await withTransforms { folder in
      #expect(await weft("transform compose @turn.mat @shear.tfm -o @a.mat -q", in: folder).status == .done)
      #expect(await weft("transform compose @shear.tfm @turn.mat -o @b.mat -q", in: folder).status == .done)
      func map(_ name: String) throws -> Affine { try Affine.read(contentsOf: folder.path(name)) }
      let (turn, shear) = (try map("turn.mat"), try map("shear.tfm"))
      let point = [1.0, 2, 3]
      #expect(try map("a.mat")(point) == turn(shear(point)))
      #expect(try map("b.mat")(point) == shear(turn(point)) && shear(turn(point)) != turn(shear(point)))
      let one = await weft("transform compose @turn.mat -o @c.mat", in: folder)
      #expect(one.status == .wrongUsage && one.errors.contains("needs two transforms or more, and 1 is given"))
    }
  }

  @Test func anInverseIsMeasured() async throws {
    try await withTransforms { folder in
      let told = try json(await weft("transform invert @warp.nii.gz @back.nii.gz --tolerance 0.001 --json", in: folder))
      #expect(try #require(told["largestResidual"] as? Double) <= 0.001 && told["unresolved"] as? Int == 0)
      #expect((told["notes"] as? [String])?.contains { $0.contains("lattice of the displacement") } == true)
      let again = await weft("transform convert @warp.nii.gz @back.nii.gz --inverse", in: folder)
      #expect(again.status == .failed && again.errors.contains("back.nii.gz exists"))
      #expect(await weft("transform convert @warp.nii.gz @back.nii.gz --inverse --overwrite -q", in: folder).status == .done)
      let back = try DisplacementField.read(contentsOf: folder.path("back.nii.gz"))
      #expect(back.vectors.x.elements.min()! < -1.7 && back.vectors.z.elements.allSatisfy { $0 == 0 })
    }
  }

  @Test func mistakesAreToldWithAWayOut() async throws {
    try await withTransforms { folder in
      try folder.put("1 0 0 4\n0 1 0 5\n0 0 1 6\n0 0 0 1\n", "bare.mat")
      try folder.put("nothing of the kind", "text.txt")
      try folder.put("", "empty.h5")
      try Affine(matrix: [[1, 0], [0, 1]], offset: [1, 2]).write(to: folder.path("flat.mat"))
      try Affine(matrix: [[1, 0, 0], [0, 1, 1], [0, 1, 1]], offset: [0, 0, 0]).write(to: folder.path("singular.mat"))
      try folder.nrrd("plane.nrrd", [20, 20])
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path("warp.nii.gz"))))
      try folder.put(Array(whole.prefix(whole.count / 2)), "cut.nii.gz")
      #expect(await weft("transform convert @warp.nii.gz @whole.h5 -q", in: folder).status == .done)
      let chain = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path("whole.h5"))))
      try folder.put(Array(chain.prefix(chain.count / 2)), "cut.h5")
      let before = folder.names()
      for (line, parts) in [
        ("info @gone.mat", ["gone.mat does not exist"]), ("info @bare.mat", ["bare 4 × 4 matrix", "--from greedy or --from bigstream"]),
        ("info @text.txt", ["is no transform that is known"]), ("info @empty.h5", ["it is empty"]), ("info @cut.nii.gz", ["cut.nii.gz"]),
        ("info @cut.h5", ["cut.h5"]), ("info @turn.mat --from elastix", ["is said to be of elastix"]),
        ("info @turn.mat --part affine", ["names a part of a registration"]), ("info @turn.mat --unit ell", ["--unit ell is no unit"]),
        ("convert @warp.nii.gz @x.mat", ["holds one affine map"]),
        ("convert @turn.mat @x.nii.gz", ["does not tell of which image", "--like"]),
        ("convert @turn.mat @x.txt", ["several programs", "--to itk, elastix, greedy or bigstream"]),
        ("convert @turn.mat @x.xyz", ["tells no format"]),
        ("convert @turn.mat @x.nii.gz --like @plane.nrrd", ["is 2D, and the transform is 3D"]),
        ("convert @warp.nii.gz @x.nii.gz --quantize 0.1", ["only OME-Zarr"]),
        ("convert @warp.nii.gz @x.h5 --memory 1MB", ["--memory allows"]),
        ("invert @singular.mat @x.mat", ["singular"]), ("compose @turn.mat @flat.mat -o @x.mat", ["is 3D", "is 2D"]),
        ("convert @turn.mat @turn.mat --overwrite", ["is the input"]), ("convert @turn.mat @gone/x.mat", ["cannot be written"]),
      ] { await expectError("transform " + line, in: folder, parts) }
      #expect(folder.names() == before)
      await expectError("transform convert @turn.mat @x.mat --from nonsense", in: folder, status: .wrongUsage, ["--from"])
      await expectError("transform convert @turn.mat @x.mat --tolerance -1", in: folder, status: .wrongUsage, ["--tolerance"])
    }
  }
}
