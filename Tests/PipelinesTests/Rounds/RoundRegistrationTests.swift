// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Pyramids
import TestSupport
import Testing
import Volumes

/// Several rounds onto one reference.
struct RoundRegistrationTests {
  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func list(_ folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  private func recorded(_ rounds: ImagedRounds) -> [String]? { RoundsRecord(in: rounds.out)?.rounds.map(\.name) }

  private func identity(_ path: String) throws -> Int? {
    (try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber)?.intValue
  }

  @Test func aRoundIsByteForByteWhatItsOwnRunWrites() async throws {
    try await ImagedRounds.with { rounds in
      let result = try await rounds.registration().run(into: rounds.out)
      #expect(result.failures.isEmpty && result.rounds.map(\.name) == ["round2", "round3"])
      #expect(try list(rounds.out) == ["round2", "round3", "rounds.json"] && recorded(rounds) == ["round2", "round3"])
      for name in ["round2", "round3"] {
        try await rounds.single(name + ".ome.zarr", into: rounds.path("alone"))
        #expect(try resultFiles(rounds.path("alone")) == resultFiles(rounds.out + "/" + name), "\(name)")
        try FileManager.default.removeItem(atPath: rounds.path("alone"))
      }
      #expect(try resultFiles(rounds.out + "/round2") != resultFiles(rounds.out + "/round3"))
    }
  }

  @Test func everyChannelIsBroughtAlongUnderItsName() async throws {
    try await ImagedRounds.with { rounds in
      let result = try await rounds.registration().run(into: rounds.out)
      for round in result.rounds {
        #expect(OMEImage.channels(of: round.registered) == OMEImage.channels(of: round.moving))
        #expect(OMEImage.channels(of: round.registered).map(\.label) == ImagedRounds.channels)
        #expect(OMEImage.channels(of: round.moving + "/0") == OMEImage.channels(of: round.moving))
        let voxels = try readAll(round.registered, as: UInt16.self)
        let size = voxels.extent.count / 2
        let (common, other) = (voxels.elements.prefix(size), voxels.elements.suffix(size))
        // Nothing is outside as often as in the common one, and what is inside is half of it and 100.
        let worst = zip(common, other).filter { $1 > 0 }.map { abs(Double($0) / 2 + 100 - Double($1)) }
        #expect(worst.count > size / 2 && worst.max()! <= 1.01, "\(worst.count) of \(size), \(worst.max() ?? 0)")
      }
    }
  }

  @Test func whatWasStoppedAfterARoundGoesOnWithTheNext() async throws {
    try await ImagedRounds.with { rounds in
      try await rounds.stopAfterTheFirst()
      let run = try RunHandle(rounds.out)
      #expect(run.kind == .rounds && !run.isFinished && recorded(rounds) == ["round2"])
      #expect(run.status.rounds?.map(\.state) == [.done, .waiting])
      let before = try identity(rounds.out + "/round2/run.json")
      let result = try await RoundRegistration.resume(rounds.out) { $0.threads = 1 }
      #expect(result.rounds.map(\.name) == ["round2", "round3"] && recorded(rounds) == ["round2", "round3"])
      #expect(try identity(rounds.out + "/round2/run.json") == before && RunHandle.isFinished(rounds.out) && run.isFinished)
      try await rounds.single("round3.ome.zarr", into: rounds.path("alone"))
      func files(_ folder: String) throws -> [String: Data] { try resultFiles(folder).filter { $0.key != "blocks/plan.json" } }
      // The plan that is kept tells how many threads there were.
      #expect(try files(rounds.out + "/round3") == files(rounds.path("alone")))
    }
  }

  @Test func theSameRoundsGoOnWithTheSameOptionsOnly() async throws {
    try await ImagedRounds.with { rounds in
      try await rounds.stopAfterTheFirst()
      let before = try identity(rounds.out + "/round2/run.json")
      let other = await message { _ = try await rounds.registration { $0.interpolation = .nearest }.run(into: rounds.out) }
      #expect(other.contains("round2 was registered with other options: interpolation: \"linear\" → \"nearest\""), "\(other)")
      let fewer = await message { _ = try await rounds.registration(["round2.ome.zarr"]).run(into: rounds.out) }
      #expect(fewer.contains("it had 2 rounds, and has 1"), "\(fewer)")
      _ = try await rounds.registration {
        $0.interpolation = .nearest
        $0.overwrite = true
      }.run(into: rounds.out)
      #expect(try identity(rounds.out + "/round2/run.json") != before && recorded(rounds) == ["round2", "round3"])
      let again = await message { _ = try await rounds.registration().run(into: rounds.out) }
      #expect(again.contains("exists and holds round2, round3, rounds.json"), "\(again)")
    }
  }

  @Test func whatIsDoneStaysWhenTheRestIsDropped() async throws {
    try await ImagedRounds.with { rounds in
      try await rounds.stopAfterTheFirst()
      let before = try resultFiles(rounds.out + "/round2")
      try RunHandle(rounds.out).clean()
      #expect(try list(rounds.out) == ["round2", "rounds.json"] && recorded(rounds) == ["round2"] && RunHandle.isFinished(rounds.out))
      #expect(try resultFiles(rounds.out + "/round2") == before)
    }
  }

  @Test func whatDoesNotFitIsSeenBeforeTheFirstRoundIsRegistered() async throws {
    try await ImagedRounds.with { rounds in
      let flat = PyramidLayout(extent: [40, 36], voxelType: .uint16, space: PhysicalSpace(spacing: [1, 1], unit: .micrometer))
      let writer = try PyramidWriter.begin(flat, at: rounds.path("flat.ome.zarr"))
      try writer.finish()
      try FileManager.default.createSymbolicLink(
        atPath: rounds.path("link.ome.zarr"), withDestinationPath: rounds.path("round2.ome.zarr"))
      func said(_ names: [String], into out: String? = nil, _ change: (inout RegistrationOptions) -> Void = { _ in }) async -> String {
        await message { _ = try await rounds.registration(names, change).run(into: out ?? rounds.out) }
      }
      let two = ["round2.ome.zarr", "round3.ome.zarr"]
      let cases = [
        (await said(["round2.ome.zarr", "flat.ome.zarr"]), "is 3D"), (await said(["round2.ome.zarr", "gone"]), "gone does not exist"),
        (await said(["round2.ome.zarr", "link.ome.zarr"]), "link.ome.zarr is given as a round twice"),
        (await said(["round2.ome.zarr", "round1.ome.zarr"]), "round1.ome.zarr is the reference"),
        (await said([]), "no round is given"), (await said(two) { $0.movingChannel = 2 }, "2"),
        (await said(two, into: rounds.path("round3.ome.zarr/out")), "lies inside the input"),
        (await said(two, into: rounds.path("round1.ome.zarr")), "is the input"),
        (await said(two) { $0.initialTransform = rounds.path("a.mat") }, "--initial-transform"),
        (await said(two) { $0.movingMask = rounds.path("round2.ome.zarr") }, "is for one pair of images, and 2 rounds are given"),
      ]
      for (said, expected) in cases { #expect(said.contains(expected), "\(said)") }
      #expect(!exists(rounds.out))
      _ = try rounds.registration(two) { $0.movingMask = "auto" }
    }
  }

  @Test func aRoundThatFailsKeepsNoneFromBeingRegistered() async throws {
    try await ImagedRounds.with { rounds in
      try rounds.write(VoxelBuffer(extent: [28, 40, 36], repeating: 7), "dark.ome.zarr")
      let names = ["round2.ome.zarr", "dark.ome.zarr", "round3.ome.zarr"]
      for attempt in 0..<2 {
        let result = try await attempt == 0 ? rounds.registration(names).run(into: rounds.out) : RoundRegistration.resume(rounds.out)
        #expect(result.rounds.map(\.name) == ["round2", "round3"] && result.failures.map(\.name) == ["dark"] && result.canResume)
        #expect(result.failures[0].error.localizedDescription.contains("dark.ome.zarr is constant"))
        #expect(recorded(rounds) == ["round2", "round3"] && !RunHandle.isFinished(rounds.out))
      }
      let alone = try await rounds.registration(["dark.ome.zarr"]).run(into: rounds.path("dark"))
      #expect(alone.rounds.isEmpty && !alone.canResume && !exists(rounds.path("dark")))
    }
  }

  @Test func aFolderHoldsRoundsOrOneRegistration() async throws {
    try await ImagedRounds.with { rounds in
      try await rounds.single("round2.ome.zarr", into: rounds.path("one"))
      let rest = await message { _ = try await rounds.registration { $0.overwrite = true }.run(into: rounds.path("one")) }
      #expect(rest.contains("holds the results of one run"), "\(rest)")
      try await rounds.stopAfterTheFirst()
      let one = await message { try await rounds.single("round2.ome.zarr", into: rounds.out) }
      #expect(one.contains("holds rounds, and one registration has a folder of its own"), "\(one)")
      let tasks = await message { try await RunHandle(rounds.out).run(stage: "coarse", list: nil, group: nil) }
      #expect(tasks.contains("each of which has tasks of its own") && tasks.contains("round2/.weft"), "\(tasks)")
      try RunHandle(rounds.out).clean()
      for said in [
        await message { _ = try RegistrationRefinement(rounds.out, blocks: .flagged) },
        await message { _ = try TransformFolder.open(rounds.out) },
      ] { #expect(said.contains("name one of them, as \(rounds.out)/round2"), "\(said)") }
    }
  }
}
