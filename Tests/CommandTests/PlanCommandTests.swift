// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct PlanCommandTests {
  private struct Plan: Decodable {
    var blocks: Int
    var tasks: Int
    var stages: [String: Int]
    var files: Int
    var coreHours: Double
    var expectedMemory: Int
    var levels: [[Int]]
    var threads: Int
    var outputBytes: Int
    var coarserLevels: [Level]?

    struct Level: Decodable { var scale: Int, blocks: Int }
  }

  private func plan(_ words: String...) throws -> Plan {
    let run = try weft(["plan", "register", "--json"] + words)
    try #require(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(Plan.self, from: Data(run.output.utf8))
  }

  @Test func aVolumeOfNinetySixTerabytesIsPlannedWithoutIt() throws {
    let plan = try plan("--fixed-shape", "20000,40000,60000", "--fixed-dtype", "uint16", "--memory", "64GB")
    #expect(plan.blocks == 157 * 157 * 235 && plan.stages["fine"] == plan.blocks && plan.expectedMemory <= 64_000_000_000)
    #expect(plan.levels.first == [20000, 40000, 60000] && plan.levels.last!.allSatisfy { $0 < 256 })
    #expect(plan.stages.filter { !$0.key.hasPrefix("fine") }.allSatisfy { $0.value <= 20_000 })
    #expect(plan.coarserLevels?.map(\.scale) == [8, 2] && plan.stages["fine-2"] == plan.coarserLevels?.last?.blocks)
    #expect(plan.outputBytes > 96_000_000_000_000 && plan.coreHours > 1000 && plan.files > 313 * 313 * 469)
  }

  @Test func costsGrowWithTheVolume() throws {
    let (one, two) = try (plan("--fixed-shape", "512,512,512"), plan("--fixed-shape", "1024,512,512"))
    // Its blocks are smaller, too, and each is measured by as many probes.
    #expect(two.coreHours > 1.8 * one.coreHours && two.coreHours < 2.7 * one.coreHours && two.files > one.files)
    let flat = try plan("--fixed-shape", "4096,4096", "--fixed-dtype", "uint8")
    #expect(flat.levels[0] == [4096, 4096] && flat.blocks > 0)
  }

  @Test func imagesAreNamedOrDescribed() throws {
    for (words, message) in [
      ([], "needs FIXED and MOVING"), (["a", "--fixed-shape", "9,9"], "both `a` and `--fixed-shape`"),
      (["a", "b", "--moving-shape", "9,9"], "both named and described"), (["--fixed-shape", "9"], "--fixed-shape"),
      (["--fixed-shape", "90,90", "--fixed-dtype", "uint7"], "uint7"),
    ] {
      let run = try weft(["plan", "register"] + words)
      #expect(run.status == 2 && run.errors.contains(message), "\(run.errors)")
    }
    #expect(try weft(["plan", "register", "--fixed-shape", "9000000000,9000000000,9000000000"]).errors.contains("cannot be"))
    #expect(try weft(["plan", "register", "--fixed-shape", "90,90", "--moving-shape", "90,90,90"]).errors.contains("is 2D"))
  }

  /// The result does not depend on it, but jobs that are bound to some processors are not to run threads for all.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset"))) func threadsFollowTheProcessorsAllowed() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/taskset")
    process.arguments = ["-c", "0", weftTool.path, "plan", "register", "--fixed-shape", "64,64,64", "--json"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let plan = try JSONDecoder().decode(Plan.self, from: pipe.fileHandleForReading.readDataToEndOfFile())
    #expect(plan.threads == 1)
  }
}
