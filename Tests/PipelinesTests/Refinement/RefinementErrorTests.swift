// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing

/// Refinements that cannot be: each is one error, and touches nothing.
struct RefinementErrorTests {
  /// Checks that a refinement is refused with these words, and leaves all as it is.
  private func expectRefusal(
    _ folder: String, _ blocks: String, _ parts: [String], location: SourceLocation = #_sourceLocation,
    _ change: (inout RefinementOptions) -> Void = { _ in }
  ) async throws {
    let before = try files(below: folder)
    let said = await message { try await refine(folder, blocks, change) }
    for part in parts { #expect(said.contains(part), "\(said)", sourceLocation: location) }
    #expect(try files(below: folder) == before, sourceLocation: location)
  }

  @Test func selectionsAreReadAsTheyAreWritten() {
    #expect(BlockSelection("flagged") == .flagged)
    #expect(BlockSelection("12,40-44") == .numbers([12...12, 40...44]))
    #expect(BlockSelection("@some list.txt") == .file("some list.txt"))
    for text in ["", "@", "12,", "4-3", "-4", "1-2-3", "all", "1;2", "1,a"] { #expect(BlockSelection(text) == nil, "\(text)") }
    for text in ["flagged", "12,40-44", "@list"] { #expect(BlockSelection(text)?.description == text) }
    // As many as no array counts.
    #expect(BlockSelection("0-\(Int.max)")?.description == "0-\(Int.max)")
  }

  @Test func blocksThatAreNotThereAndBadListsAreNamed() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 128])
      try await expectRefusal(pair.out, "0,9", ["names block 9", "blocks.csv are 0 to 3", "column `block`"])
      let list = folder.appendingPathComponent("list.txt").path
      try await expectRefusal(pair.out, "@" + list, [list, "there is no such file"])
      try "0 # the first\n\n1-2,\n".write(toFile: list, atomically: true, encoding: .utf8)
      try await expectRefusal(pair.out, "@" + list, ["\(list), line 3, is no list of blocks: 1-2,"])
      try "0\n1-7\n".write(toFile: list, atomically: true, encoding: .utf8)
      try await expectRefusal(pair.out, "@" + list, ["\(list), line 2, names block 7"])
      try await expectRefusal(pair.out, "1", ["--overlap 0.1", "overlap by 6×12×10"]) { $0.overlap = .fraction(0.1) }
      // A list that is right.
      try "0 # the first\n\n2\n".write(toFile: list, atomically: true, encoding: .utf8)
      try await refine(pair.out, "@" + list)
      #expect(try column("attempt", pair.out).enumerated().filter { $1 == "refined" }.map(\.offset) == [0, 2])
    }
  }

  @Test func whereNothingIsFlaggedNothingIsTouched() async throws {
    try await withTemporaryFolder { folder in
      let options = RefinedPair.options {
        ($0.thresholds.residual, $0.thresholds.evidence, $0.thresholds.disagreement) = (100, 0, 100)
        $0.thresholds.folding = 100
      }
      let pair = try await RefinedPair(in: folder, [24, 48, 128], options)
      let before = try files(below: pair.out)
      #expect(try await refine(pair.out, "flagged") == nil)
      #expect(try files(below: pair.out) == before)
    }
  }

  @Test func foldersWithoutWhatIsNeededAreNamed() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 128])
      let nowhere = folder.appendingPathComponent("nowhere").path
      #expect(await message { try await refine(nowhere, "0") }.contains("\(nowhere) does not exist"))
      try await expectRefusal(folder.path, "0", ["holds no run.json", "finished `weft register`"])
      // As an older version left it.
      let older = try pair.copy("older")
      try FileManager.default.removeItem(atPath: older + "/blocks")
      try await expectRefusal(older, "0", ["\(older)/blocks is not there", "register again"])
      let dropped = folder.appendingPathComponent("dropped").path
      let result = try await pair.register(into: dropped, RefinedPair.options { $0.dropsBlocks = true })
      #expect(!result.keepsBlocks)
      try await expectRefusal(dropped, "0", ["\(dropped)/blocks is not there", "--drop-blocks"])
      let affine = folder.appendingPathComponent("affine").path
      _ = try await pair.register(into: affine, RefinedPair.options { $0.stages = [.affine] })
      try await expectRefusal(affine, "0", ["had no fine stage", "--stages affine,warp,fine"])
    }
  }

  @Test func whatIsDamagedIsFoundBeforeAnythingIsDone() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 128])
      let fields = try FileManager.default.contentsOfDirectory(atPath: pair.out + "/blocks/fine").filter { $0.hasSuffix(".f32") }.sorted()
      let field = try pair.out + "/blocks/fine/" + #require(fields.first)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: field))
      bytes[100] ^= 1
      try bytes.write(to: URL(fileURLWithPath: field))
      try await expectRefusal(pair.out, "0-3", ["\(field) is damaged", "register the pair again"])
      try FileManager.default.removeItem(atPath: field)
      try await expectRefusal(pair.out, "3", ["\(field) is damaged: it is gone"])
      let lost = try pair.copy("lost")
      try FileManager.default.removeItem(atPath: lost + "/registered.ome.zarr")
      try bytes.write(to: URL(fileURLWithPath: lost + "/blocks/fine/" + #require(fields.first)))
      try await expectRefusal(lost, "3", ["\(lost)/registered.ome.zarr is gone"])
    }
  }

  @Test func damagedRecordsOfWhatIsKeptAreNamed() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 128])
      for (name, text) in [("plan.json", "{}"), ("plan.json", "not JSON"), ("refinements.json", "[{")] {
        let copy = try pair.copy("\(name)-\(text.count)")
        try text.write(toFile: copy + "/blocks/" + name, atomically: true, encoding: .utf8)
        try await expectRefusal(copy, "0", ["\(copy)/blocks/\(name) is damaged", "copy \(copy) again from where it is whole"])
      }
    }
  }

  @Test func filesOfNumbersThatAreNoneAreCalledWhatTheyAre() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 128])
      let binary = folder.appendingPathComponent("binary").path
      try Data([0xff, 0xfe, 0, 1]).write(to: URL(fileURLWithPath: binary))
      try await expectRefusal(pair.out, "@\(binary)", ["@\(binary) is no text"])
      try await expectRefusal(pair.out, "@\(folder.path)", ["@\(folder.path) is a folder"])
      try await expectRefusal(pair.out, "@\(binary).txt", ["@\(binary).txt: there is no such file"])
    }
  }

  @Test func anotherInputIsRefused() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 128])
      let moving = folder.appendingPathComponent("moving.nrrd")
      let bytes = try Data(contentsOf: moving)
      try (bytes + Data([0])).write(to: moving)
      try await expectRefusal(pair.out, "1", ["the moving image is not that of the registration", "it had \(bytes.count) bytes"])
      try FileManager.default.removeItem(at: moving)
      try await expectRefusal(pair.out, "1", ["the moving image of the registration", "cannot be read", moving.path])
    }
  }
}
