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

  @Test(arguments: [
    "apptainer exec weft.sif weft", "'a b'/weft  --x", "a\\ b c", "\"it's\" 'a\"b' \"x\\\"y\\z\"", "x''y ''", "  ", "",
  ])
  func aCommandIsPartedAsTheShellDoes(line: String) throws {
    let said = try ProgramOutput(of: ["bash", "-c", "set -- \(line); printf '%s\\n' \"$@\"; exit $(($# == 0))"], seconds: 10)
    let words = said.output.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(ShellWord.words(of: line) == (said.isGood ? words : []))
  }

  @Test(arguments: ["'a", "a\"b", "a\\"]) func aQuotationThatDoesNotEndIsNoCommand(line: String) {
    #expect(ShellWord.words(of: line) == nil)
  }

  @Test func variablesOfTheUsersShellDoNotTakeThePlaceOfOptions() {
    let script =
      "#!/bin/bash\n#SBATCH --job-name=x\n#SBATCH --mem=10M\n#SBATCH --partition=short\n#SBATCH --array=0-3\nexport SBATCH_ACCOUNT=x\n"
    let all = [
      "PATH": "/bin", "SBATCH_PARTITION": "long", "SBATCH_ACCOUNT": "lab", "SBATCH_MEM_PER_CPU": "1", "SBATCH_ARRAY_INX": "7",
      "SBATCH_TIMELIMIT": "5",
    ]
    #expect(
      SlurmScript.environment(all, of: script) == ["PATH": "/bin", "SBATCH_ACCOUNT": "lab", "SBATCH_TIMELIMIT": "5"])
  }

  @Test func timesAreReadAsSlurmDoes() {
    let known: [(String, Double)] = [
      ("90", 5400), ("90:30", 5430), ("2:00:00", 7200), ("1-0", 86_400), ("2-12", 216_000), ("0-0:30", 1800), ("1-1:1:1", 90_061),
    ]
    for (text, seconds) in known { #expect(SlurmTime.seconds(text) == seconds, "\(text)") }
    for text in ["", "x", "1:2:3:4", "-5", "1-", "1-2-3", "1:", "UNLIMITED", "1.5"] { #expect(SlurmTime.seconds(text) == nil, "\(text)") }
    #expect(GroupSizing.aim(within: nil) == 600 && GroupSizing.aim(within: 7200) == 600 && GroupSizing.aim(within: 120) == 45)
  }

  @Test func jobsAreLiveUntilAllPartsEnded() {
    let text =
      "12 COMPLETED w-a\n12 COMPLETED w-a\n12 FAILED w-a\n13 PENDING w-b\n14 COMPLETED w-c\n14 RUNNING w-c\n16 OUT_OF_MEMORY w-d\n17 RUNNING w x\n"
    let states = SlurmEngine.states(of: ["12", "13", "14", "15", "16", "17"], prefix: "w-", in: text)
    #expect(states["17"] == .unknown, "somebody else's")
    #expect(states["12"] == .ended(["COMPLETED": 2, "FAILED": 1]) && states["13"] == .live("pending"))
    #expect(states["14"] == .live("running") && states["15"] == .unknown && states["16"] == .ended(["OUT_OF_MEMORY": 1]))
  }

  @Test func onlyRefusalsOfTheMomentAreTriedAgain() {
    for text in [
      "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", "Socket timed out on send/recv operation",
    ] { #expect(SlurmEngine.mayTakeLater(text) && !SlurmEngine.isLimit(text)) }
    let limit = "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
    #expect(SlurmEngine.isLimit(limit) && !SlurmEngine.mayTakeLater(limit))
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
