// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import TestSupport
import Testing

struct PlanExportTests {
  @Test func partsHoldEachTaskOnceInOrder() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      let tasks = (0..<Int.random(in: 0...100, using: &random)).filter { _ in Bool.random(using: &random) }
      let count = Int.random(in: 1...20, using: &random)
      let parts = (1...count).compactMap { TaskPart("\($0)/\(count)")?.tasks(of: tasks) }
      #expect(parts.count == count && parts.flatMap(\.self) == tasks)
      #expect(parts.map(\.count).max()! - parts.map(\.count).min()! <= 1)
    }
    for text in ["0/3", "4/3", "1/0", "-1/3", "3", "1/2/3", "", "a/b", "1.0/2"] { #expect(TaskPart(text) == nil, "\(text)") }
  }

  @Test func theCommandsOfAPlanDoTheRunInWhateverOrder() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/o'u t"
      let planned = try weft(pair.words + ["-o", out, "--memory", "1500MB", "--plan-only"])
      #expect(planned.status == 0 && planned.output.contains("weft plan export"), "\(planned.errors)")
      #expect(!FileManager.default.fileExists(atPath: out + "/run.json"))
      let stages = try weft(["plan", "export", out, "--stages"]).output.split(separator: "\n").map(String.init)
      #expect(stages.first == "downsample" && stages.last == "end")
      for stage in stages {
        let lines = try weft(["plan", "export", out, "--stage", stage, "--parts", "5"]).output.split(separator: "\n").map(String.init)
        #expect(stage != "fine" || lines.count == 5)
        // The last one first, and the first one twice.
        for line in lines.reversed() + [lines[0]] where stage != "end" || line == lines.last {
          guard stage != "end" || !FileManager.default.fileExists(atPath: out + "/run.json") else { continue }
          let said = try ProgramOutput(of: ["bash", "-c", line], seconds: 120)
          #expect(said.isGood, "\(line): \(said.errors)")
        }
      }
      try pair.expectSame(out)
    }
  }

  @Test(.enabled(if: interpreter("WEFT_SNAKEMAKE_PYTHON") != nil)) func snakemakeDoesTheRun() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/o'u t"
      #expect(try weft(pair.words + ["-o", out, "--memory", "1500MB", "--plan-only"]).status == 0)
      let snakefile = url.path + "/Snakefile"
      try weft(["plan", "export", out, "--format", "snakemake", "--parts", "3"]).output.write(
        toFile: snakefile, atomically: true, encoding: .utf8)
      let words = [
        interpreter("WEFT_SNAKEMAKE_PYTHON")!, "-m", "snakemake", "--snakefile", snakefile, "--directory", url.path, "--cores", "4",
      ]
      let first = try ProgramOutput(of: words, seconds: 300)
      #expect(first.isGood, "\(first.errors)")
      try pair.expectSame(out)
      let again = try ProgramOutput(of: words, seconds: 60)
      #expect(again.isGood && again.errors.contains("Nothing to be done"), "\(again.errors)")
    }
  }

  @Test func aPathThatSnakemakeWouldTakeForAPatternIsRefused() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      #expect(try weft(pair.words + ["-o", url.path + "/a{b}", "--plan-only"]).status == 0)
      let refused = try weft(["plan", "export", url.path + "/a{b}", "--format", "snakemake"])
      #expect(refused.status == 1 && refused.errors.contains("holds braces"), "\(refused.errors)")
    }
  }

  @Test func noFurtherTaskIsBegunAfterItsTime() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/out"
      #expect(try weft(pair.words + ["-o", out, "--plan-only"]).status == 0)
      for stage in ["downsample", "coarse"] {
        #expect(try weft(["task", "run", "--run-dir", out + "/.weft", "--stage", stage, "-q"]).status == 0)
      }
      let some = try weft(["task", "run", "--run-dir", out + "/.weft", "--stage", "fine", "-q", "--begin-for", "0.001", "--threads", "1"])
      #expect(some.status == 0, "\(some.errors)")
      let status = try weft(["status", out, "--json"]).output
      #expect(!status.contains("\"done\" : 18"), "\(status)")
      #expect(
        try weft(["task", "run", "--run-dir", out + "/.weft", "--stage", "fine", "--part", "1/2", "--list", "x", "--group", "0"]).status
          == 2)
    }
  }
}
