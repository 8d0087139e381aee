// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `plan export` is asked.
struct PlanExportArguments: Sendable {
  var run = ""
  var format = PlanExport.Format.commands
  var stage: String?
  var listsStages = false
  var parts = 64
  var workerCommand: [String]?
}

/// `weft plan export`
enum PlanExportCommand {
  static let command = Command<PlanExportArguments>(
    "plan export", "tell the commands that do a planned run, for GNU parallel, Snakemake and others",
    discussion: [
      "Takes a run that was planned (`weft register … --plan-only`, and the same of segment, apply, convert, tiles and refine) or interrupted. "
        + "Stages follow each other; the commands of one stage run side by side, on any machine that sees the files, in any order, and "
        + "again where one failed. The last command gives the results their names."
    ],
    defaults: PlanExportArguments(),
    positionals: [.value("OUTPUT", at: \.run, "The --output of the run", completion: .file)],
    groups: [
      OptionGroup(
        "Options",
        [
          .value("--format", at: \.format, "NAME", "commands, one a line, or snakemake, a Snakefile"),
          .parsed(
            "--parts", at: \.parts, "N", "The most commands of a stage, each a share of its tasks", expected: "a whole number above 0"
          ) { Values.positive($0) },
          .flag("--stages", at: \.listsStages, "Print the names of the stages, one a line"),
          .parsed("--stage", at: \.stage, "NAME", "Only the commands of one stage; `end` for the last command", expected: "a stage") {
            .some($0)
          },
          .parsed(
            "--worker-command", at: \.workerCommand, "COMMAND", "What runs weft where the commands run", expected: "a command",
            fallback: "this program, under its own path"
          ) { text in
            ShellWord.words(of: text).flatMap { $0.isEmpty ? nil : .some($0) }
          },
        ])
    ],
    examples: [
      CommandExample(
        "run a registration by GNU parallel, a stage at a time",
        "weft register a.ome.zarr b.ome.zarr -o out --plan-only && for s in $(weft plan export out --stages); do weft plan export out --stage $s | parallel -j 4 || break; done"
      ),
      CommandExample("write a Snakefile", "weft plan export out --format snakemake > Snakefile"),
    ],
    check: { (arguments) throws(UsageError) in
      if arguments.format == .snakemake, arguments.stage != nil || arguments.listsStages {
        throw UsageError("a Snakefile holds all stages", hint: "leave --stage and --stages out, or --format snakemake")
      }
    })

  static let verb = Verb(command) { arguments, console in
    let command = arguments.workerCommand ?? [ExecutorOptions.ownPath]
    let export = try PlanExport(RunHandle(arguments.run), parts: arguments.parts, command: command)
    let names = export.stages.map(\.name) + ["end"]
    if arguments.listsStages {
      console.print(names.joined(separator: "\n"))
    } else if let name = arguments.stage {
      guard names.contains(name) else {
        throw UsageError("the run has no stage `\(name)`", hint: "it has " + names.joined(separator: ", "))
      }
      console.print((export.stages.first { $0.name == name }?.commands ?? [export.last]).joined(separator: "\n"))
    } else {
      console.print(try export.text(arguments.format), terminator: "")
    }
    return .done
  }
}
