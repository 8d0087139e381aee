// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// A planned run as the commands that do it, for engines that Weft does not drive: GNU parallel, Snakemake, Nextflow, LSF.
///
/// Stages follow each other; the commands of one stage may run side by side, anywhere that sees the files, and again. The last command gives the
/// results their names.
public struct PlanExport: Sendable {
  /// How the commands are written.
  public enum Format: String, Sendable, CaseIterable {
    /// One command a line, stages one after the other.
    case commands
    /// A Snakefile.
    case snakemake
  }

  /// A stage and its commands.
  public struct Stage: Sendable, Encodable {
    /// The stage.
    public let name: String
    /// Its commands, one a share of its tasks.
    public let commands: [String]
  }

  /// The stages in their order.
  public let stages: [Stage]
  /// What ends the run.
  public let last: String
  private let folder: String

  /// - Parameters:
  ///   - parts: the most commands of a stage; stages of fewer tasks have fewer.
  ///   - command: what runs `weft` where the commands run, as words.
  /// - Throws: `PipelineError` where the run is one of several rounds.
  public init(_ run: RunHandle, parts: Int, command: [String]) throws {
    guard !run.stages.isEmpty else {
      throw PipelineError(
        "\(run.output) is a run of several rounds, each of which has a plan of its own", hint: "plan each pair by itself with --plan-only")
    }
    func line(_ words: [String]) -> String { (command + words).map(ShellWord.quoted).joined(separator: " ") }
    let folder = run.runFolder
    stages = run.stages.map { stage in
      let count = max(1, min(stage.tasks ?? parts, parts))
      return Stage(
        name: stage.name,
        commands: (1...count).map { number in
          let part = count > 1 ? ["--part", "\(number)/\(count)"] : []
          return line(["task", "run", "--run-dir", folder, "--stage", stage.name, "--quiet"] + part)
        })
    }
    last = line(["resume", run.output, "--executor", "local", "--quiet"])
    self.folder = folder
  }

  /// The commands as a file of a format.
  ///
  /// - Throws: `PipelineError` where the format cannot hold the run's path.
  public func text(_ format: Format) throws(PipelineError) -> String {
    switch format {
    case .commands:
      return stages.map { (["# \($0.name)"] + $0.commands).joined(separator: "\n") + "\n" }.joined() + "# end\n" + last + "\n"
    case .snakemake:
      guard !folder.contains(where: "{}".contains) else {
        throw PipelineError(
          "\(folder) holds braces, which Snakemake takes for wildcards", hint: "plan into a folder without them, or use --format commands")
      }
      return snakefile
    }
  }

  private var snakefile: String {
    func literal(_ text: String) -> String {
      "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }
    let listed = stages.map { stage in
      "    (\(literal(stage.name)), [\n" + stage.commands.map { "        \(literal($0)),\n" }.joined() + "    ]),\n"
    }.joined()
    return """
      # A run of Weft, as `weft plan export` wrote it:
      #     snakemake --snakefile FILE --cores 16
      # Marks of what is done lie beside the plan; the run's own files decide, so that a command that runs again passes over what is done.
      from snakemake.io import touch

      marks = \(literal(folder + "/exported"))
      stages = [
      \(listed)]


      rule all:
          input: marks + "/end"


      for number, (name, commands) in enumerate(stages):
          before = [f"{marks}/{stages[number - 1][0]}.{part}" for part in range(len(stages[number - 1][1]))] if number else []
          for part, command in enumerate(commands):
              rule:
                  name: f"{name}_{part}"
                  input: before
                  output: touch(f"{marks}/{name}.{part}")
                  params: command=command
                  shell: "{params.command}"


      rule:
          name: "end"
          input: [f"{marks}/{stages[-1][0]}.{part}" for part in range(len(stages[-1][1]))]
          output: touch(marks + "/end")
          params: command=\(literal(last))
          shell: "{params.command}"

      """
  }
}
