// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// Places that results cannot go to, and results that must not be lost.
struct BadOutputTests {
  @Test func aFileOrAFullFolderIsNoOutput() async throws {
    try await withImagePair { folder in
      try folder.put("mine", "taken")
      try folder.put("mine", "full/notes.txt")
      await expectError("register @a.nrrd @b.nrrd -o @taken", in: folder, ["taken is a file"])
      await expectError("register @a.nrrd @b.nrrd -o @taken/inside", in: folder, ["taken/inside cannot be written"])
      await expectError("register @a.nrrd @b.nrrd -o @full", in: folder, ["full exists and holds notes.txt", "--overwrite"])
    }
  }

  @Test func inputsAreNeverWrittenTo() async throws {
    try await withImagePair { folder in
      try folder.zarr("s.zarr")
      await expectError("register @a.nrrd @b.nrrd -o @a.nrrd", in: folder, ["a.nrrd is the input"])
      await expectError("register @s.zarr @b.nrrd -o @s.zarr/out", in: folder, ["lies inside the input"])
      await expectError("register @a.nrrd @s.zarr -o @s.zarr --overwrite", in: folder, ["is the input"])
      #expect(await weft("register @a.nrrd @b.nrrd -o @out --stages affine", in: folder).status == .done)
      await expectError("register @a.nrrd @out/registered.ome.zarr -o @out --overwrite", in: folder, ["lies among the results"])
      await expectError("apply -t @out -i @b.nrrd -o @b.nrrd --overwrite", in: folder, ["b.nrrd is the input"])
      try folder.put("z,y,x\n1,2,3\n", "points.csv")
      await expectError("apply -t @out -i @points.csv -o @points.csv --overwrite", in: folder, ["points.csv is the input"])
    }
  }

  @Test func aRunThatFailsKeepsTheOldResult() async throws {
    try await withImagePair { folder in
      #expect(await weft("register @a.nrrd @b.nrrd -o @out --stages affine", in: folder).status == .done)
      let record = try Data(contentsOf: URL(fileURLWithPath: folder.path("out/run.json")))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted()
      try folder.zarr("cut.zarr", chunkBytes: 5000)
      await expectError("register @a.nrrd @cut.zarr -o @out --overwrite", in: folder, ["cut.zarr"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("out/run.json"))) == record)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).sorted() == names)
      #expect(await weft("info @out/registered.ome.zarr", in: folder).status == .done)
    }
  }

  @Test func aNameOfOneLetterIsAName() async throws {
    try await withImagePair { folder in
      #expect(await weft("register @a.nrrd @b.nrrd -o @o --stages affine", in: folder).status == .done)
      // A bare name, without a folder: written where the process stands, so it is refused here after the path was taken apart.
      await expectError("apply -t @o -i @none -o o", in: folder, ["none does not exist"])
      #expect(await weft("apply -t @o -i @b.nrrd -o @p", in: folder).status == .done)
      await expectError("apply -t @o -i @b.nrrd -o @p.png", in: folder, ["images are not written as .png"])
    }
  }

  /// A full disk at every stage: from too small for the first chunk to just too small for the last file.
  @Test(arguments: [16, 60, 100, 140, 180, 220, 260, 300])
  func aFullDiskLeavesNoResultAndTheRunGoesOnWhenThereIsRoom(kilobytes: Int) async throws {
    try await withImagePair { folder in
      try await withMount("size=\(kilobytes)k", at: folder.path("disk")) {
        let run = await weft("register @a.nrrd @b.nrrd -o @disk/out --chunk-size 12", in: folder)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path("disk"))
        if run.status == .done {
          #expect(await weft("info @disk/out/registered.ome.zarr", in: folder).status == .done)
          // The report comes last, and is no part of the registration.
          let hasReport = FileManager.default.fileExists(atPath: folder.path("disk/out/report.html"))
          #expect(hasReport != run.errors.contains("its report could not be written"), "\(run.errors)")
          #expect(hasReport || run.errors.contains("`weft report "), "\(run.errors)")
        } else {
          #expect(run.errors.contains("error: ") && run.errors.contains("\n\nhint: ") && run.errors.contains("disk"), "\(run.errors)")
          let results = left.isEmpty ? [] : try FileManager.default.contentsOfDirectory(atPath: folder.path("disk/out"))
          #expect(results.allSatisfy { $0 == ".weft" }, "\(results)")
          let remount = try Process.run(
            URL(fileURLWithPath: "/bin/mount"), arguments: ["-o", "remount,size=20m", folder.path("disk")])
          remount.waitUntilExit()
          let again = await weft("register @a.nrrd @b.nrrd -o @disk/out --chunk-size 12", in: folder)
          #expect(again.status == .done, "\(again.errors)")
        }
        if kilobytes == 16 { #expect(run.status == .failed) }
      }
    }
  }

  @Test(arguments: ["read-only", "full"])
  func nothingIsWrittenWhereNothingCanBe(kind: String) async throws {
    try await withImagePair { folder in
      #expect(await weft("register @a.nrrd @b.nrrd -o @out --stages affine", in: folder).status == .done)
      try folder.put("z,y,x\n1,2,3\n", "points.csv")
      try await withMount(kind == "full" ? "size=4k,nr_inodes=2" : "ro", at: folder.path("disk")) {
        for line in [
          "register @a.nrrd @b.nrrd -o @disk/out", "phantom @disk/pair --shape 32", "apply -t @out -i @b.nrrd -o @disk/x.nii.gz",
          "apply -t @out -i @b.nrrd -o @disk/x.tif", "apply -t @out -i @b.nrrd -o @disk/x.zarr",
        ] {
          let run = await weft(line, in: folder)
          #expect(run.status == .failed && run.errors.contains("error: ") && run.errors.contains("\n\nhint: "), "\(line): \(run.errors)")
        }
        if kind == "read-only" { await expectError("apply -t @out -i @points.csv -o @disk/x.csv", in: folder, ["x.csv cannot be written"]) }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path("disk"))
        #expect(left.allSatisfy { $0 == "pair" }, "\(left)")
      }
    }
  }

  @Test func aRunWhoseDiskBecomesReadOnlyGoesOnWhenItIsWritableAgain() async throws {
    try await withImagePair { folder in
      let words = ["register", folder.path("a.nrrd"), folder.path("b.nrrd"), "--chunk-size", "8", "-q", "-o"]
      #expect(try weft(words + [folder.path("undisturbed")]).status == 0)
      try await withMount("size=50m", at: folder.path("disk")) {
        let out = folder.path("disk/out")
        try weft(words + [out], endedOnce: out + "/.weft/fine/ledger")
        func remount(_ options: String) throws {
          #expect(try command("/bin/mount", ["-o", "remount,\(options)", folder.path("disk")]) == 0)
        }
        let before = try resultFiles(out + "/.weft/fine/ledger")
        try remount("ro")
        let refused = try weft(words + [out])
        #expect(refused.status == 1 && refused.errors.contains("error: ") && refused.errors.contains("hint: "), "\(refused.errors)")
        #expect(refused.errors.contains(out) && refused.errors.lowercased().contains("read-only"), "\(refused.errors)")
        #expect(try resultFiles(out + "/.weft/fine/ledger") == before && !before.isEmpty)
        try remount("rw")
        #expect(try weft(words + [out]).status == 0)
        let (expected, found) = try (resultFiles(folder.path("undisturbed")), resultFiles(out))
        #expect(expected.count > 5 && expected.keys == found.keys)
        for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
      }
    }
  }

  /// Mounts a disk in memory while `body` runs; without the right to mount, says so and runs nothing.
  private func withMount(_ options: String, at path: String, _ body: () async throws -> Void) async throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard getuid() == 0, try command("/bin/mount", ["-t", "tmpfs", "-o", options, "none", path]) == 0 else {
      print("skipped: a test of full and read-only disks, because mounting one needs root")
      return
    }
    do { try await body() } catch {
      _ = try command("/bin/umount", ["-l", path])
      throw error
    }
    _ = try command("/bin/umount", ["-l", path])
  }

  private func command(_ path: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
