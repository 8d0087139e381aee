// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Runs by programs of a user's that are stopped, killed and gone on with, in processes of their own.
struct ProgramRunTests {
  /// A program without helper that finds what is above the middle, row by row, or makes the tile half as bright. It notes each start in the file
  /// `started`, and its process in `asleep` before it sleeps over a tile for as long as there is a file `slow`.
  static let program = """
    import array, json, os, sys, time
    here = os.path.dirname(os.path.abspath(__file__))
    with open(here + "/started", "a") as file: file.write("x")
    for line in sys.stdin:
        request = json.loads(line)
        if request["type"] == "init":
            print(json.dumps({"type": "ready", "name": "rows", "receptive_field": 2}), flush=True)
            continue
        if request["type"] == "shutdown": break
        if os.path.exists(here + "/slow"):
            with open(here + "/asleep.new", "w") as file: file.write(str(os.getpid()))
            os.rename(here + "/asleep.new", here + "/asleep")
            time.sleep(600)
        values = array.array("f")
        with open(request["input"], "rb") as file: values.frombytes(file.read())
        if request["type"] == "image":
            made, dtype = array.array("f", [value / 2 for value in values]), "float32"
        else:
            middle, width = sum(request["lohi"][0]) / 2, request["shape"][-1]
            made, dtype = array.array("I", [i // width + 1 if value > middle else 0 for i, value in enumerate(values)]), "uint32"
        with open(request["output"], "wb") as file: made.tofile(file)
        print(json.dumps({"type": "result", "id": request["id"], "dtype": dtype, "shape": request["shape"][1:]}), flush=True)
    """

  /// A folder with an image, the program, and what runs it.
  private func withProgram(_ shape: String, _ body: (_ folder: String, _ words: [String]) throws -> Void) throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", shape, "--seed", "3", "-q"]).status == 0)
      try Self.program.write(toFile: folder + "/program.py", atomically: true, encoding: .utf8)
      try body(
        folder,
        [folder + "/pair/fixed.ome.zarr", "--command", "python3 '\(folder)/program.py'", "--tile-shape", "16", "--overlap", "5vx", "-q"])
    }
  }

  private func starts(_ folder: String) throws -> Int { try Data(contentsOf: URL(fileURLWithPath: folder + "/started")).count }

  @Test func aProgramIsNotStartedWhereNoTileIsLeft() throws {
    try withProgram("200,200") { folder, words in
      let (labels, work) = (folder + "/out/labels.ome.zarr", folder + "/out/.labels.ome.zarr.weft")
      try weft(["segment", "-o", labels, "--method", "command"] + words, endedOnce: work + "/match/ledger")
      try #require(!FileManager.default.fileExists(atPath: labels), "it ended before it was killed")
      let before = try starts(folder)
      for stage in ["match", "merge"] {
        let run = try weft(["task", "run", "--run-dir", work, "--stage", stage, "-q"])
        #expect(run.status == 0, "\(stage): \(run.errors)")
      }
      let resumed = try weft(["resume", labels, "-q"])
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(try starts(folder) == before)
    }
  }

  @Test(arguments: [SIGTERM, SIGUSR1]) func aTaskThatIsStoppedEndsItsProgramAndLeavesNothing(signal: Int32) throws {
    try withProgram("100,100") { folder, words in
      let work = folder + "/out/.labels.ome.zarr.weft"
      try weft(["segment", "-o", folder + "/out/labels.ome.zarr", "--method", "command"] + words, endedOnce: work + "/segment/ledger")
      try Data().write(to: URL(fileURLWithPath: folder + "/slow"))
      let temporary = folder + "/temporary"
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
      let process = try startedWeft(
        ["task", "run", "--run-dir", work, "--stage", "segment", "--threads", "1", "-q"],
        environment: ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary]) { $1 })
      while process.isRunning, !FileManager.default.fileExists(atPath: folder + "/asleep") { Thread.sleep(forTimeInterval: 0.01) }
      let asleep = try #require(Int32(String(contentsOfFile: folder + "/asleep", encoding: .utf8)))
      defer { kill(asleep, SIGKILL) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).count == 1)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationStatus == 75)
      var rounds = 0
      while kill(asleep, 0) == 0, rounds < 100 {
        Thread.sleep(forTimeInterval: 0.02)
        rounds += 1
      }
      #expect(kill(asleep, 0) != 0, "the program works on")
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
    }
  }

  @Test func tilesThatAreKilledAgainAndAgainEndAsIfNothingHadBeen() throws {
    try withProgram("150,160") { folder, words in
      let (out, work) = (folder + "/killed/made.ome.zarr", folder + "/killed/.made.ome.zarr.weft")
      let image = words[0]
      let options = Array(words.dropFirst())
      try #require(weft(["tiles", image, folder + "/whole/made.ome.zarr", "--threads", "1"] + options).status == 0)
      for _ in 0..<3 {
        try weft(["tiles", image, out, "--threads", "2"] + options, endedOnce: work + "/filter/ledger")
        try #require(!FileManager.default.fileExists(atPath: out), "it ended before it was killed")
      }
      let resumed = try weft(["resume", out, "-q"])
      #expect(resumed.status == 0, "\(resumed.errors)")
      let (expected, found) = try (resultFiles(folder + "/whole"), resultFiles(folder + "/killed"))
      #expect(expected.count >= 3 && expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/killed") == ["made.ome.zarr"])
    }
  }

  /// Processes that blend at once: none begins the image anew under the others.
  @Test func tilesBlendedByProcessesAtOnceAreThoseOfOne() throws {
    try withProgram("150,160") { folder, words in
      let (out, work) = (folder + "/shared/made.ome.zarr", folder + "/shared/.made.ome.zarr.weft")
      let image = words[0]
      let options = Array(words.dropFirst())
      try #require(weft(["tiles", image, folder + "/whole/made.ome.zarr"] + options).status == 0)
      try weft(["tiles", image, out] + options, endedOnce: work + "/filter/ledger")
      for stage in ["filter", "layout"] {
        let run = try weft(["task", "run", "--run-dir", work, "--stage", stage, "-q"])
        #expect(run.status == 0, "\(stage): \(run.errors)")
      }
      let workers = try (0..<4).map { _ in try startedWeft(["task", "run", "--run-dir", work, "--stage", "blend", "-q"]) }
      for worker in workers {
        worker.waitUntilExit()
        #expect(worker.terminationStatus == 0)
      }
      let resumed = try weft(["resume", out, "-q"])
      #expect(resumed.status == 0, "\(resumed.errors)")
      let (expected, found) = try (resultFiles(folder + "/whole"), resultFiles(folder + "/shared"))
      #expect(expected.count >= 3 && expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }
  }
}
