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
}
