// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing
import Weft

struct SegmentCommandTests {
  @Test func labelsCanBePutIntoTheImage() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      // More levels than an image of that size has by itself, and fewer.
      for (version, shape, levels) in [("0.4", "80,90", 3), ("0.5", "300,280", 1)] {
        let name = "v\(version).ome.zarr"
        let made = await weft("phantom @p\(version) --shape \(shape) --seed 3 -q", in: folder)
        let copied = await weft(
          "convert @p\(version)/fixed.ome.zarr @\(name) --levels \(levels) --ome-version \(version) -q", in: folder)
        guard made.status == .done, copied.status == .done else {
          Issue.record("\(made.errors)\(copied.errors)")
          return
        }
        let segment = "segment @\(name) --into @\(name) --name cells --method threshold --tile-shape 32 -q"
        let first = await weft(segment, in: folder)
        #expect(first.status == .done, "\(first.errors)")
        let info = await weft("info @\(name)/labels/cells", in: folder)
        #expect(info.status == .done && info.output.contains(shape.replacing(",", with: "×")), "\(info.output)\(info.errors)")
        let valid = await weft("validate @\(name)", in: folder)
        #expect(valid.status == .done, "\(valid.output)\(valid.errors)")
        if levels > 1 {
          await expectError(segment + " --overwrite --finest-level 1", in: folder, ["--finest-level 1", "--output"])
        }
        let again = await weft(segment.replacingOccurrences(of: "cells", with: "more"), in: folder)
        #expect(again.status == .done, "\(again.errors)")
        let list = try String(contentsOfFile: folder.path("\(name)/labels/\(version == "0.4" ? ".zattrs" : "zarr.json")"), encoding: .utf8)
        #expect(list.contains("\"cells\"") && list.contains("\"more\""), "\(list)")
        await expectError(segment, in: folder, ["labels/cells exists"])
        #expect(await weft(segment + " --overwrite", in: folder).status == .done)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path("\(name)/labels")).sorted()
        #expect(left.filter { !$0.hasPrefix(".z") && $0 != "zarr.json" } == ["cells", "more"], "\(left)")
      }
    }
  }

  @Test func whatMakesNoSenseIsRefused() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      try folder.zarr("z.ome.zarr")
      for (words, parts) in [
        ("--diameter 0", ["--diameter"]), ("--diameter -3", ["--diameter"]), ("--method magic", ["magic", "watershed"]),
        ("--tile-shape 0", ["--tile-shape"]), ("--overlap 2", ["--overlap"]), ("--channels a", ["--channels"]),
        ("--dtype float32", ["--dtype"]), ("--merge maybe", ["--merge"]), ("--threshold high", ["--threshold"]),
        ("--preview x.png", ["--preview", "--tile"]), ("--name n", ["--name", "--into"]), ("--into @z.ome.zarr", ["--output", "--into"]),
      ] {
        await expectError("segment @a.nrrd -o @l.ome.zarr \(words)", in: folder, status: .wrongUsage, parts)
      }
      await expectError("segment @a.nrrd", in: folder, status: .wrongUsage, ["--output"])
      let threshold = "--method threshold --threshold 100"
      await expectError("segment @a.nrrd -o @l.ome.zarr", in: folder, ["diameter"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --diameter 3,3", in: folder, ["2 axes", "has 3"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --diameter 8000", in: folder, ["8000×8000×8000", "a.nrrd", "20×20×20"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --diameter 99999999999999999999", in: folder, ["1e+20", "a.nrrd"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --diameter 3,3,10000000000", in: folder, ["a.nrrd"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --channels 3 \(threshold)", in: folder, ["a.nrrd", "channel 3"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --channels 0,0 \(threshold)", in: folder, ["twice"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --finest-level 2 \(threshold)", in: folder, ["no level 2"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --tile-shape 4,4 \(threshold)", in: folder, ["2 axes", "3"])
      await expectError("segment @a.nrrd -o @l.tif \(threshold)", in: folder, ["l.tif", "OME-Zarr"])
      await expectError("segment @none -o @l.ome.zarr \(threshold)", in: folder, ["none does not exist"])
      await expectError("segment @a.nrrd -o @a.nrrd \(threshold)", in: folder, ["a.nrrd"])
      await expectError("segment @z.ome.zarr -o @z.ome.zarr/labels/x \(threshold)", in: folder, ["input"])
      await expectError("segment @a.nrrd --into @a.nrrd \(threshold)", in: folder, ["a.nrrd"])
      await expectError("segment @z.ome.zarr --into @z.ome.zarr --name ../x \(threshold)", in: folder, ["../x"])
      await expectError("segment @a.nrrd --tile 5,0,0 \(threshold)", in: folder, ["no tile 5,0,0"])
      await expectError("segment @a.nrrd -o @l.ome.zarr --memory 1MB \(threshold)", in: folder, ["--memory"])
      #expect(folder.names() == ["a.nrrd", "z.ome.zarr"])
    }
  }

  @Test func aDamagedChunkIsNamedAndNothingStays() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.zarr("z.ome.zarr", chunkBytes: 100)
      await expectError("segment @z.ome.zarr -o @l.ome.zarr --method threshold --threshold 3", in: folder, ["z.ome.zarr/0/0/0/0"])
      #expect(folder.names() == ["z.ome.zarr"])
    }
  }

  @Test func aPictureOfATileIsWritten() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 40, 50])
      let run = await weft("segment @a.nrrd --tile 0,1,0 --tile-shape 20,24,50 --method threshold --preview @p.png", in: folder)
      #expect(run.status == .done && run.output.contains("24:40"), "\(run.output)\(run.errors)")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("p.png")))
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
  }

  /// Of two objects in the dark: black outside, white inside, an outline of one colour around each, the core framed, a caption below.
  @Test func thePictureShowsTheObjectsOfTheTile() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.array("two.zarr", [256, 512]) { at in
        let (y, x) = (at / 512, at % 512)
        return (100..<140).contains(y) && ((60..<100).contains(x) || (160..<200).contains(x)) ? 200 : 10
      }
      let tile = "segment @two.zarr --axes yx --tile 0,0 --tile-shape 256 --overlap 20vx --preview @p.png"
      let run = await weft(tile + " --method threshold --threshold 100 --merge hybrid", in: folder)
      #expect(run.status == .done && run.output.contains("2, halo included"), "\(run.output)\(run.errors)")
      let picture = try StoredImage.open(folder.path("p.png"))
      let source = picture.levels[0].source
      let voxels = try source.read(source.extent.box, as: UInt8.self)
      let axes = picture.axes.map(\.name)
      func pixel(_ y: Int, _ x: Int) -> [UInt8] {
        (0..<3).map { colour in voxels[axes.map { ["c": colour, "y": y, "x": x][$0] ?? 0 }] }
      }
      #expect(source.extent.count == 3 * 276 * 276)
      for x in [60, 160] {
        let outline = pixel(100, x)
        #expect(Set(outline).count > 1, "\(outline)")
        for (dy, dx) in [(0, 39), (39, 0), (39, 39), (20, 0), (0, 20)] { #expect(pixel(100 + dy, x + dx) == outline) }
        #expect(pixel(120, x + 20) == [255, 255, 255] && pixel(99, x) == [0, 0, 0])
      }
      #expect(pixel(100, 60) != pixel(100, 160))
      // The core ends at column 256, and its frame is dashed.
      #expect([0, 3, 4, 8].map { pixel($0, 255)[0] } == [255, 255, 0, 255] && pixel(8, 256) == [0, 0, 0])
      let caption = (256..<276).flatMap { y in (0..<276).map { pixel(y, $0) } }
      #expect(Set(caption) == [[0, 0, 0], [255, 255, 255]])
    }
  }

  @Test func aTileIsTriedAtAnyTime() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      // One spot at the first time, two at the second.
      try folder.array("a.zarr", [2, 30, 40]) { [5 * 40 + 6, 1200 + 5 * 40 + 6, 1200 + 20 * 40 + 30].contains($0) ? 200 : 0 }
      let tile = "segment @a.zarr --axes tyx --tile 0,0 --tile-shape 40 --method threshold --threshold 100"
      for (time, count) in [("", 1), (" --time 0", 1), (" --time 1 --preview @p.png", 2)] {
        let run = await weft(tile + time, in: folder)
        #expect(run.status == .done && run.output.contains("\(count), halo included"), "\(run.output)\(run.errors)")
      }
      #expect(folder.names() == ["a.zarr", "p.png"])
      await expectError(tile + " --time 2", in: folder, ["no time point 2", "it has 2"])
      await expectError("segment @a.zarr -o @l.ome.zarr --time 1", in: folder, status: .wrongUsage, ["--time", "--tile"])
    }
  }

  /// What is planned is what a run does, and `resume` runs it with the tiles that were planned.
  @Test func aPlanIsShownAndResumed() async throws {
    try await withTemporaryFolder { url in
      struct Plan: Decodable {
        var tiles: Int, core: [Int], halo: [Int], margin: [Int], tasks: Int, stages: [String: Int], recorded: String?
      }
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [60, 70])
      let options = "@a.nrrd --diameter 10 --tile-shape 32 --overlap 12vx"
      let shown = await weft("plan segment \(options) --json", in: folder)
      #expect(shown.status == .done && folder.names() == ["a.nrrd"], "\(shown.errors)")
      let plan = try JSONDecoder().decode(Plan.self, from: Data(shown.output.utf8))
      #expect(plan.tiles == 6 && plan.core == [32, 32] && plan.halo == [12, 12] && plan.margin == [7, 7] && plan.recorded == nil)
      #expect(plan.stages["segment"] == 6 && plan.tasks == plan.stages.values.reduce(0, +))
      let text = await weft("plan segment \(options) --output @l.ome.zarr", in: folder)
      #expect(text.status == .done && text.output.contains("6 (2×3) of 32×32 voxels"), "\(text.output)\(text.errors)")
      #expect(folder.names() == [".l.ome.zarr.weft", "a.nrrd"])
      let status = await weft("status @l.ome.zarr", in: folder)
      #expect(status.status == .done && status.output.contains("segment"), "\(status.errors)")
      let resumed = await weft("resume @l.ome.zarr", in: folder)
      #expect(resumed.status == .done, "\(resumed.errors)")
      #expect(folder.names() == ["a.nrrd", "l.ome.zarr", "objects.csv", "run.json"])
      let record = try String(contentsOfFile: folder.path("run.json"), encoding: .utf8)
      #expect(record.contains("\"tileShape\" : [\n    32,"), "\(record)")
      await expectError("plan segment \(options) --output @l.ome.zarr", in: folder, ["l.ome.zarr exists"])
      // Tiles that the memory decided on stay as they were planned, whatever memory there is when they are worked on.
      try folder.array("wide.zarr", [3000, 3000]) { UInt8(truncatingIfNeeded: $0 % 251) }
      let wide = "plan segment @wide.zarr --axes yx --diameter 10 --json --memory"
      let (large, small) = (await weft("\(wide) 8GB --output @w.ome.zarr", in: folder), await weft("\(wide) 500MB", in: folder))
      let tiles = try [large, small].map { try JSONDecoder().decode(Plan.self, from: Data($0.output.utf8)).core }
      #expect(tiles[0][0] > tiles[1][0], "\(tiles)")
      let again = await weft("\(wide) 500MB --output @w.ome.zarr", in: folder)
      #expect(try JSONDecoder().decode(Plan.self, from: Data(again.output.utf8)).core == tiles[0], "\(again.errors)")
      await expectError("resume @w.ome.zarr --memory 200MB", in: folder, ["a tile of 2048×2048 needs", "200 MB"])
      // Dropped before it began.
      _ = await weft("plan segment \(options) --output @m.ome.zarr", in: folder)
      let dropped = await weft("cancel @m.ome.zarr --clean", in: folder)
      #expect(dropped.status == .done && !folder.names().contains(".m.ome.zarr.weft"), "\(dropped.errors)")
      await expectError("plan segment \(options) --output @m.ome.zarr --into @l.ome.zarr", in: folder, status: .wrongUsage, ["one place"])
    }
  }

  @Test func twoSegmentationsInOneFolderKeepTheirTables() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      for name in ["one", "two"] {
        let run = await weft("segment @a.nrrd -o @\(name).ome.zarr --method threshold --threshold 100 -q", in: folder)
        #expect(run.status == .done, "\(run.errors)")
      }
      #expect(
        folder.names() == ["a.nrrd", "objects.csv", "one.ome.zarr", "run.json", "two.objects.csv", "two.ome.zarr", "two.run.json"])
      let again = await weft("segment @a.nrrd -o @one.ome.zarr --method threshold --threshold 110 -q --overwrite", in: folder)
      #expect(again.status == .done, "\(again.errors)")
      #expect(try String(contentsOfFile: folder.path("run.json"), encoding: .utf8).contains("110"))
    }
  }

  @Test func segmentationsThatRunAtOnceInOneFolderKeepTheirTables() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [60, 60, 60])
      let names = ["one", "two", "three", "four"]
      await withTaskGroup(of: Void.self) { group in
        for name in names {
          group.addTask {
            let run = await weft("segment @a.nrrd -o @\(name).ome.zarr --method threshold --threshold 100 --tile-shape 8 -q", in: folder)
            #expect(run.status == .done, "\(run.errors)")
          }
        }
      }
      let found = folder.names()
      #expect(found.count { $0.hasSuffix("objects.csv") } == 4 && found.count { $0.hasSuffix("run.json") } == 4, "\(found)")
      let outputs = try found.filter { $0.hasSuffix("run.json") }.map { try String(contentsOfFile: folder.path($0), encoding: .utf8) }
      for name in names { #expect(outputs.count { $0.contains("/\(name).ome.zarr") } == 1, "\(name)") }
    }
  }

  @Test func aTableOfAnotherOutputIsNotReplaced() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      for name in ["objects.csv", "one.objects.csv"] { try "mine".write(toFile: folder.path(name), atomically: true, encoding: .utf8) }
      let segment = "segment @a.nrrd -o @one.ome.zarr --method threshold --threshold 100 -q"
      await expectError(segment, in: folder, ["one.objects.csv exists", "--overwrite"])
      #expect(folder.names() == ["a.nrrd", "objects.csv", "one.objects.csv"])
      let replaced = await weft(segment + " --overwrite", in: folder)
      #expect(replaced.status == .done, "\(replaced.errors)")
      #expect(try String(contentsOfFile: folder.path("objects.csv"), encoding: .utf8) == "mine")
      #expect(try String(contentsOfFile: folder.path("one.objects.csv"), encoding: .utf8).hasPrefix("label,"))
    }
  }

  @Test func throughALinkTheTableLiesBesideTheImageItself() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      let (real, links) = (url.appendingPathComponent("real"), url.appendingPathComponent("links"))
      for made in [real, links] { try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true) }
      try folder.zarr("real/z.ome.zarr")
      try FileManager.default.createSymbolicLink(
        at: links.appendingPathComponent("z.ome.zarr"), withDestinationURL: real.appendingPathComponent("z.ome.zarr"))
      try "mine".write(to: real.appendingPathComponent("objects.csv"), atomically: true, encoding: .utf8)
      let run = await weft("segment @links/z.ome.zarr --into @links/z.ome.zarr --name n --method threshold --threshold 3 -q", in: folder)
      #expect(run.status == .done && run.output.contains("n.objects.csv"), "\(run.output)\(run.errors)")
      #expect(try String(contentsOf: real.appendingPathComponent("objects.csv"), encoding: .utf8) == "mine")
      let found = try [real, links].map { try FileManager.default.contentsOfDirectory(atPath: $0.path).sorted() }
      #expect(found == [["n.objects.csv", "n.run.json", "objects.csv", "z.ome.zarr"], ["z.ome.zarr"]], "\(found)")
    }
  }
}
