// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import TestSupport
import Testing

struct PatchesCommandTests {
  @Test(.enabled(if: python != nil)) func patchesAreWhatNumPyAndSciPyMakeOfTheSameArrays() throws {
    try withTemporaryFolder { url in
      let made = try runInteropScript("patches.py", ["make", url.path])
      try #require(made.status == 0, "\(made.output)")
      for name in made.output.split(whereSeparator: \.isWhitespace) {
        let said = try weft(["patches", url.path + "/\(name).json", "--count", "5", "-o", url.path + "/\(name).zarr", "-q"])
        try #require(said.status == 0, "\(name): \(said.errors)")
      }
      let checked = try runInteropScript("patches.py", ["check", url.path])
      #expect(checked.status == 0, "\(checked.output)")
    }
  }

  @Test(.enabled(if: python != nil)) func aStreamIsReadByNumPy() throws {
    try withTemporaryFolder { url in
      let made = try runInteropScript("patches.py", ["make", url.path])
      try #require(made.status == 0, "\(made.output)")
      let program = """
        import sys, types, numpy
        pipe = types.SimpleNamespace(read=sys.stdin.buffer.read)
        shapes = []
        while True:
            if not sys.stdin.buffer.peek(1): break
            shapes.append(numpy.lib.format.read_array(pipe).shape)
        print(shapes)
        """
      let words = "'\(weftTool.path)' patches '\(url.path)/identity.json' --stream npy --count 3 | '\(python!)' -c '\(program)'"
      let said = try ProgramOutput(of: ["bash", "-c", "set -o pipefail; " + words], seconds: 60)
      #expect(said.isGood, "\(said.errors)")
      #expect(said.output.contains("[(2, 1, 16, 20, 24), (2, 1, 16, 20, 24), (1, 1, 16, 20, 24), (1, 1, 16, 20, 24)]"), "\(said.output)")
      // Who has had enough ends the pipe; weft ends quietly.
      let enough = try ProgramOutput(
        of: ["bash", "-c", "'\(weftTool.path)' patches '\(url.path)/identity.json' --stream npy | head -c 100000 | wc -c"], seconds: 60)
      #expect(enough.isGood && enough.output.contains("100000") && enough.errors.isEmpty, "\(enough.errors)")
    }
  }

  @Test func whatIsAskedForIsChecked() throws {
    try withTemporaryFolder { url in
      let none = try weft(["patches", url.path + "/none.json", "-o", url.path + "/p.zarr"])
      #expect(none.status == 1 && none.errors.contains("none.json cannot be read"), "\(none.errors)")
      #expect(try weft(["patches", "spec.json"]).errors.contains("--output or to --stream"))
      try "{\"inputs\": 1}".write(toFile: url.path + "/bad.json", atomically: true, encoding: .utf8)
      let bad = try weft(["patches", url.path + "/bad.json", "-o", url.path + "/p.zarr"])
      #expect(
        bad.status == 1 && bad.errors.contains("`inputs` is not known here") && bad.errors.contains("hint: known are classes"),
        "\(bad.errors)")
      #expect(!FileManager.default.fileExists(atPath: url.path + "/p.zarr"))
    }
  }

  /// A small pair, and patches of its fixed image without labels.
  private func withSpecification(_ body: (URL, String) throws -> Void) throws {
    try withTemporaryFolder { url in
      let made = try weft(["phantom", url.path + "/pair", "--shape", "48", "-q"])
      try #require(made.status == 0, "\(made.errors)")
      let specification = url.path + "/spec.json"
      let text =
        #"{"input_arrays": {"raw": {"shape": [8, 8, 8], "scale": [1, 1, 1]}}, "unit": "micrometer", "interpolation": "nearest", "#
        + #""datasets": {"train": [{"raw": "pair/fixed.ome.zarr", "gt": {}}]}}"#
      try text.write(toFile: specification, atomically: true, encoding: .utf8)
      try body(url, specification)
    }
  }

  @Test func patchesAreNotWrittenIntoWhatTheyAreCutFrom() throws {
    try withSpecification { url, specification in
      let image = url.path + "/pair/fixed.ome.zarr"
      let before = try FileManager.default.contentsOfDirectory(atPath: image).sorted()
      let said = try weft(["patches", specification, "-o", image + "/patches.zarr"])
      #expect(said.status == 1 && said.errors.contains("patches.zarr lies inside the input"), "\(said.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: image).sorted() == before)
    }
  }

  @Test func aSlashAtTheEndOfTheOutputChangesNothing() throws {
    try withSpecification { url, specification in
      let said = try weft(["patches", specification, "--count", "3", "-o", url.path + "/p.zarr/"])
      #expect(said.status == 0, "\(said.errors)")
      #expect(FileManager.default.fileExists(atPath: url.path + "/p.zarr/raw/zarr.json"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() == ["p.zarr", "pair", "spec.json"])
      let again = try weft(["patches", specification, "-o", url.path + "/p.zarr"])
      #expect(again.status == 1 && again.errors.contains("p.zarr exists"), "\(again.errors)")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func interruptedPatchesLeaveNothing(signal: Int32) throws {
    try withSpecification { url, specification in
      let process = Process()
      process.executableURL = weftTool
      process.arguments = ["patches", specification, "--count", "1000000", "-o", url.path + "/p.zarr"]
      let pipe = Pipe()
      process.standardError = pipe
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
      while process.isRunning, try !names().contains(where: { $0.hasPrefix(".p.zarr.") }) { Thread.sleep(forTimeInterval: 0.02) }
      kill(process.processIdentifier, signal)
      let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130, "\(said)")
      #expect(said.contains("error: interrupted"), "\(said)")
      #expect(try names() == ["pair", "spec.json"])
    }
  }
}
