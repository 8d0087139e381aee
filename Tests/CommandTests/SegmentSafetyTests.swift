// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// What is nobody's to replace is refused, and what one would not expect is told.
struct SegmentSafetyTests {
  private static let threshold = "--method threshold --threshold 3 -q"

  @Test(arguments: ["zarr.json", ".zgroup", "-x", "a\nb", "a\u{7F}b", "a/b"])
  func namesThatWouldBreakAnImageAreRefusedAtOnce(name: String) async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.zarr("z.ome.zarr")
      let words = ["segment", folder.path("z.ome.zarr"), "--into", folder.path("z.ome.zarr"), "--name=\(name)"]
      let run = await Transcript(words + Self.threshold.split(separator: " ").map(String.init))
      #expect(run.status != .done && run.errors.contains("is no name for labels"), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("z.ome.zarr/labels")))
    }
  }

  @Test func anImageWhoseLabelsCannotBeListedIsRefusedBeforeTheRun() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.zarr("z.ome.zarr")
      try folder.put("x", "z.ome.zarr/labels/zarr.json/0")
      let segment = "segment @z.ome.zarr --into @z.ome.zarr --name ok \(Self.threshold)"
      await expectError(segment, in: folder, ["labels/zarr.json"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("z.ome.zarr/labels")) == ["zarr.json"])
      try FileManager.default.removeItem(atPath: folder.path("z.ome.zarr/labels"))
      try folder.put("{\"zarr_format\": 2, \"attributes\": ", "z.ome.zarr/labels/.zattrs")
      await expectError(segment, in: folder, ["labels/.zattrs"])
      #expect(folder.names() == ["z.ome.zarr"])
    }
  }

  @Test func onlyLabelsAreReplacedByLabels() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      try folder.zarr("raw.ome.zarr")
      try folder.put("print()", "bad.py")
      try folder.put("notes", "notes")
      let segment = "segment @a.nrrd --method threshold --threshold 100 -q --overwrite -o"
      for (output, part) in [
        ("bad.py", "bad.py: labels are written as OME-Zarr"), ("new.py", "new.py: labels are written as OME-Zarr"),
        ("notes", "notes is a file"), ("raw.ome.zarr", "no image of labels"),
      ] {
        await expectError("\(segment) @\(output)", in: folder, [part])
      }
      #expect(try String(contentsOfFile: folder.path("bad.py"), encoding: .utf8) == "print()")
      #expect(folder.names() == ["a.nrrd", "bad.py", "notes", "raw.ome.zarr"])
      #expect(FileManager.default.fileExists(atPath: folder.path("raw.ome.zarr/0/0/0/0")))
      for _ in 0..<2 {
        let run = await weft("\(segment) @labels.ome.zarr", in: folder)
        #expect(run.status == .done, "\(run.errors)")
      }
      // Nor labels by an image.
      for output in ["bad.py", "labels.ome.zarr", "notes"] {
        await expectError("tiles @a.nrrd @\(output) --command false --overwrite -q", in: folder, [output])
      }
    }
  }

  @Test func aRunOfAnotherVerbIsNamedAndTheWayOut() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      try folder.put("{\"kind\": \"tiles\"}", ".d.ome.zarr.weft/plan.json")
      let run = await weft("segment @a.nrrd -o @d.ome.zarr --method threshold --threshold 100 -q", in: folder)
      #expect(
        run.status == .failed && run.errors.contains("a run of `weft tiles` was begun for \(folder.path("d.ome.zarr"))"), "\(run.errors)")
      #expect(run.errors.contains("weft cancel \(folder.path("d.ome.zarr")) --clean"), "\(run.errors)")
    }
  }

  @Test func ofAFinishedOutputStatusAndCancelSaySo() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      _ = await weft("segment @a.nrrd -o @l.ome.zarr --method threshold --threshold 100 -q", in: folder)
      let status = await weft("status @l.ome.zarr", in: folder)
      #expect(status.status == .done && status.output.contains("l.ome.zarr is finished"), "\(status.errors)")
      let cancelled = await weft("cancel @l.ome.zarr --clean", in: folder)
      #expect(cancelled.status == .done && cancelled.output.contains("was done"), "\(cancelled.errors)")
      #expect(folder.names() == ["a.nrrd", "l.ome.zarr", "objects.csv", "run.json"])
      await expectError("status @none.ome.zarr", in: folder, ["holds no run"])
      await expectError("cancel @none.ome.zarr", in: folder, ["holds no run"])
    }
  }

  @Test func aRunThatFailedIsSaidToHaveFailed() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      let script =
        "import json,sys\nfor line in sys.stdin:\n    m = json.loads(line)\n    if m['type'] == 'shutdown': break\n"
        + "    if m['type'] == 'segment' and m['offset'][0] == 10:\n"
        + "        print(json.dumps({'type': 'error', 'id': m['id'], 'message': 'no'}), flush=True)\n        continue\n"
        + "    if m['type'] == 'init': print('{\"type\": \"ready\"}', flush=True); continue\n"
        + "    n = m['shape'][1] * m['shape'][2] * m['shape'][3]\n    open(m['output'], 'wb').write(b'\\1' * n)\n"
        + "    print(json.dumps({'type': 'result', 'id': m['id'], 'dtype': 'uint8', 'shape': m['shape'][1:]}), flush=True)\n"
      try folder.put(script, "program.py")
      let words = [
        "segment", folder.path("a.nrrd"), "-o", folder.path("l.ome.zarr"), "--method", "command", "--command",
        "python3 '\(folder.path("program.py"))'", "--tile-shape", "10,20,20", "--overlap", "0vx", "--threads", "1",
      ]
      let run = await Transcript(words)
      #expect(run.status == .failed && run.errors.contains("starting `python3"), "\(run.errors)")
      let status = await weft("status @l.ome.zarr", in: folder)
      #expect(status.status == .done && status.output.contains("not running, since it failed"), "\(status.output)\(status.errors)")
    }
  }

  @Test func whatOneWouldNotExpectIsWarnedOf() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      try folder.zarr("z.ome.zarr")
      try folder.zarr("empty.ome.zarr")
      try FileManager.default.removeItem(atPath: folder.path("empty.ome.zarr/0/0"))
      try folder.array("plain.zarr", [4, 20, 20])
      for (line, warning) in [
        ("@empty.ome.zarr", "none of the 1 chunk of \(folder.path("empty.ome.zarr/0")) is stored"),
        ("@z.ome.zarr --axes tyx", "--axes tyx: \(folder.path("z.ome.zarr")) calls its axes z,y,x; they are taken as t,y,x"),
        ("@z.ome.zarr/0 --axes tyx", "calls its axes z,y,x"),
        ("@a.nrrd --tile-shape 8 --overlap 60vx", "--overlap 60vx is more than tiles of 8×8×8 can have"),
        ("@z.ome.zarr", ""), ("@z.ome.zarr --axes zyx", ""), ("@plain.zarr --axes tyx", ""), ("@plain.zarr", ""),
        ("@a.nrrd --tile-shape 8 --overlap 7vx", ""),
      ] {
        let run = await weft("plan segment \(line) --method threshold --threshold 3 -q", in: folder)
        #expect(run.status == .done, "\(line): \(run.errors)")
        // What is to be known of the tiles comes with the plan.
        let told = run.errors + run.output
        if warning.isEmpty {
          #expect(!told.contains("warning: ") && told.components(separatedBy: "note: ").count == 2, "\(line): \(told)")
        } else {
          #expect(told.contains(warning), "\(line): \(told)")
        }
      }
      try folder.nrrd("wide.nrrd", [100, 120])
      let tiny = await weft("plan segment @wide.nrrd --tile-shape 1 --method threshold --threshold 3 -q", in: folder)
      #expect(tiny.output.contains("12000 tiles of 1×1"), "\(tiny.output)\(tiny.errors)")
      let tile = await weft("segment @a.nrrd --tile 0,0,0 -o @l.ome.zarr --method threshold --threshold 3 -q", in: folder)
      #expect(tile.status == .done && tile.errors.contains("--tile writes no labels: \(folder.path("l.ome.zarr"))"), "\(tile.errors)")
    }
  }

  @Test(arguments: [
    ("--diameter 4 --timeout 3", "--timeout"), ("--diameter 4 --python /usr/bin/python3", "--python"),
    ("--method command --command cat --python /usr/bin/python3", "--python"),
    ("--method command --command cat --threshold 3", "--threshold"),
    ("--method stardist --threshold 3", "--threshold"),
  ])
  func optionsWithoutEffectAreRefused(words: String, option: String) async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      await expectError("segment @a.nrrd -o @l.ome.zarr \(words)", in: folder, status: .wrongUsage, [option])
    }
  }

  @Test func hintsNameOptionsThatTheVerbHas() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      try folder.zarr("flat.ome.zarr", scale: "[0, 1, 1]")
      try folder.array("four.zarr", [2, 2, 20, 20])
      await expectError("segment @flat.ome.zarr -o @l.ome.zarr --diameter 4", in: folder, ["other commands: --spacing"])
      let evaluated = await weft("evaluate --objects @four.zarr @four.zarr", in: folder)
      #expect(
        evaluated.status == .failed && evaluated.errors.contains("four.zarr") && !evaluated.errors.contains("--axes"), "\(evaluated.errors)"
      )
      await expectError("segment @a.nrrd -o @l.ome.zarr --diameter 0.1", in: folder, ["0.1×0.1×0.1 voxels"])
      try folder.zarr("out.ome.zarr")
      let file = folder.path("out.ome.zarr/.zattrs")
      let text = try String(contentsOfFile: file, encoding: .utf8).replacingOccurrences(
        of: "\"path\": \"0\"", with: "\"path\": \"../../etc\"")
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      await expectError("segment @out.ome.zarr -o @l.ome.zarr --diameter 4", in: folder, ["out.ome.zarr/.zattrs", "../../etc"])
    }
  }

  @Test func allTimePointsAreEvaluated() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      // The same at the first time, nothing found at the second.
      try folder.array("true.zarr", [2, 20, 20]) { $0 % 400 < 40 ? 200 : 0 }
      try folder.array("found.zarr", [2, 20, 20]) { $0 < 40 ? 200 : 0 }
      for name in ["true", "found"] {
        let run = await weft("segment @\(name).zarr --axes tyx -o @\(name).ome.zarr --method threshold --threshold 100 -q", in: folder)
        #expect(run.status == .done, "\(run.errors)")
      }
      let evaluated = await weft("evaluate --objects @found.ome.zarr @true.ome.zarr", in: folder)
      #expect(evaluated.status == .done && evaluated.output.contains("0.5000"), "\(evaluated.output)\(evaluated.errors)")
      try folder.array("one.zarr", [20, 20]) { $0 < 40 ? 200 : 0 }
      await expectError("evaluate --objects @one.zarr @true.ome.zarr", in: folder, ["1 time point", "2 time points"])
    }
  }
}
