// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Testing

struct SlurmScriptTests {
  private static func batch(_ groups: Range<Int> = 0..<3, beginFor: Int? = nil, usesGPU: Bool = false) -> JobBatch {
    JobBatch(
      name: "weft-1-fine.r0", stage: "fine", list: URL(fileURLWithPath: "/a b/.weft/fine/round0.json"), groups: groups, beginFor: beginFor,
      memory: 5_000_000_001, usesGPU: usesGPU)
  }
  private static let folder = RunFolder(URL(fileURLWithPath: "/a b/.weft"))

  private static func lines(_ change: (inout ExecutorOptions) -> Void = { _ in }, _ batch: JobBatch = batch()) -> [String] {
    var options = ExecutorOptions()
    options.engine = .slurm
    options.workerCommand = ["/opt/it's/weft"]
    change(&options)
    return SlurmScript(options: options, mostProcessors: 64).text(of: batch, in: folder).split(separator: "\n").map(String.init)
  }

  @Test func aScriptAsksForNothingThatNobodyAskedFor() {
    let lines = Self.lines()
    #expect(lines[0] == "#!/bin/bash")
    #expect(lines.contains("#SBATCH --array=0-2") && lines.contains("#SBATCH --mem=4769M") && lines.contains("#SBATCH --cpus-per-task=4"))
    #expect(lines.contains("#SBATCH --no-requeue") && lines.contains("#SBATCH --signal=B:USR1@30"))
    for option in ["partition", "account", "qos", "time", "constraint", "gpus"] {
      #expect(!lines.contains { $0.hasPrefix("#SBATCH --\(option)") })
    }
    #expect(
      lines.last
        == #"exec '/opt/it'\''s/weft' task run --run-dir '/a b/.weft' --stage fine --list '/a b/.weft/fine/round0.json' --group $((0 + SLURM_ARRAY_TASK_ID)) --threads $SLURM_CPUS_PER_TASK --quiet"#
    )
  }

  @Test func whatWasAskedForIsInTheScript() {
    let lines = Self.lines { options in
      options.jobs = 7
      options.slurm.request.partition = "short"
      options.slurm.request.time = "2:00:00"
      options.slurm.account = "lab"
      options.slurm.qos = "high"
      options.slurm.constraint = "avx2&big"
      options.slurm.setup = ["module load gcc"]
      options.slurm.extra = ["--reservation=x"]
      var fine = SlurmOptions.Request()
      (fine.partition, fine.cpus, fine.gpus) = ("long", 16, 2)
      options.slurm.stages = ["fine": fine]
    }
    for option in [
      "array=0-2%7", "partition=long", "time=2:00:00", "account=lab", "qos=high", "constraint='avx2&big'", "reservation=x",
      "cpus-per-task=16", "gpus=2",
    ] { #expect(lines.contains("#SBATCH --\(option)"), "\(option)") }
    #expect(lines.firstIndex(of: "module load gcc")! > lines.lastIndex { $0.hasPrefix("#SBATCH") }!)
  }

  @Test func aPartOfManyGroupsCountsFromItsFirst() {
    let lines = Self.lines({ _ in }, Self.batch(1000..<1500, beginFor: 60, usesGPU: true))
    #expect(lines.contains("#SBATCH --array=0-499") && lines.contains("#SBATCH --gpus=1"))
    #expect(lines.last!.contains("--begin-for 60 --group $((1000 + SLURM_ARRAY_TASK_ID))"))
  }

  @Test func theShellReadsQuotedWordsAsTheyWere() throws {
    for word in ["", "plain", "a b", "it's", "$HOME", "`x`", "a\"b", "ü", "a\\b", "*"] {
      let said = try ProgramOutput(of: ["bash", "-c", "printf %s \(ShellWord.quoted(word))"], seconds: 10)
      #expect(said.output == word && said.isGood)
    }
  }

  @Test func jobsAreLiveUntilAllPartsEnded() {
    let text = "12 COMPLETED\n12 COMPLETED\n12 FAILED\n13 PENDING\n14 COMPLETED\n14 RUNNING\n16 OUT_OF_MEMORY\n"
    let states = SlurmEngine.states(of: ["12", "13", "14", "15", "16"], in: text)
    #expect(states["12"] == .ended(["COMPLETED": 2, "FAILED": 1]) && states["13"] == .live("pending"))
    #expect(states["14"] == .live("running") && states["15"] == .unknown && states["16"] == .ended(["OUT_OF_MEMORY": 1]))
  }

  @Test func onlyRefusalsOfTheMomentAreTriedAgain() {
    for text in [
      "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", "Socket timed out on send/recv operation",
      "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
    ] { #expect(SlurmEngine.mayTakeLater(text)) }
    for text in ["invalid partition specified: shrot", "Invalid account or account/partition combination specified"] {
      #expect(!SlurmEngine.mayTakeLater(text))
    }
  }

  @Test func aJobThatWantedMoreMemoryIsKnownByItsEnd() {
    #expect(SlurmEngine.toldOfMemory("JobId=4 JobState=OUT_OF_MEMORY Reason=OutOfMemory ExitCode=0:125\n"))
    #expect(
      SlurmEngine.toldOfMemory("JobId=4 JobState=COMPLETED ExitCode=0:0\nJobId=5 JobState=FAILED Reason=NonZeroExitCode ExitCode=0:9\n"))
    #expect(!SlurmEngine.toldOfMemory("JobId=5 JobState=FAILED Reason=NonZeroExitCode ExitCode=1:0\n"))
    #expect(!SlurmEngine.toldOfMemory("JobId=5 JobState=CANCELLED ExitCode=0:15\n"))
  }
}
