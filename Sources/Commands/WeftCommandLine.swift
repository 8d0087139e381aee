// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Foundation
internal import Weft

/// The command line of `weft`.
public enum WeftCommandLine {
  static let name = "weft"

  static let verbs: [Verb] = [
    RegisterCommand.verb, RefineCommand.verb, SegmentCommand.verb, TilesCommand.verb, ApplyCommand.verb, ConvertCommand.verb,
    ValidateCommand.verb,
    InfoCommand.verb,
    TransformInfoCommand.verb, TransformConvertCommand.verb, TransformComposeCommand.verb, TransformInvertCommand.verb,
    PlanCommand.verb, PlanSegmentCommand.verb, PlanExportCommand.verb,
    PatchesCommand.verb, PatchesCountCommand.verb,
    PhantomCommand.verb,
    EvaluateCommand.verb, ReportCommand.verb, ViewCommand.verb, ServeCommand.verb,
    StatusCommand.verb, ResumeCommand.verb, CancelCommand.verb, TaskCommand.verb,
  ]

  static let tool: ToolDescription = {
    let completions = CompletionsCommand.command.description
    return ToolDescription(
      name: name, summary: "register and segment images too big for memory, block by block",
      closing: "See `weft COMMAND -h` for a command's options, `weft COMMAND --help` for what they mean and for examples",
      commands: verbs.map(\.description) + [completions])
  }()

  /// Settles what can be settled only while the process has one thread. The first call of a program.
  public static func prepareProcess() { FreedMemory.returnAtOnce() }

  /// Runs one command line and tells how it ended. Never throws: what goes wrong is printed as `error:` and `hint:`.
  ///
  /// - Parameters:
  ///   - words: the arguments without the name of the program.
  ///   - console: where everything is printed.
  public static func run(_ words: [String], console: Console = Console()) async -> ExitStatus {
    do {
      guard let first = words.first, first != "--help", first != "-h", first != "help" else {
        console.print(Help.text(for: tool), terminator: "")
        return .done
      }
      if first == "--version" {
        console.print("weft \(WeftVersion.current)")
        return .done
      }
      let inGroup = tool.commands.filter { $0.name.count > 1 && $0.name[0] == first }
      if words.count == 2, ["--help", "-h", "help"].contains(words[1]), !inGroup.isEmpty,
        !tool.commands.contains(where: { $0.name == [first] })
      {
        console.print(
          Help.text(
            for: ToolDescription(
              name: "\(name) \(first)", summary: inGroup.count == 1 ? inGroup[0].summary : "one of these commands", closing: tool.closing,
              commands: inGroup)),
          terminator: "")
        return .done
      }
      let (index, rest) = try tool.match(words)
      let all = verbs + [CompletionsCommand.verb]
      return try await all[index].run(rest, console)
    } catch let error as UsageError {
      console.show(error: error.message, hint: error.hint)
      return .wrongUsage
    } catch let error as RunDetached {
      console.print(error.text)
      return .done
    } catch let error where error is CancellationError || (error as? WorkerError)?.kind == .cancelled {
      console.show(error: Interruption.message, hint: Interruption.hint)
      return Interruption.status
    } catch let error as any LocalizedError {
      console.show(error: error.errorDescription ?? "\(error)", hint: error.recoverySuggestion)
      return .failed
    } catch {
      console.show(error: error.localizedDescription, hint: nil)
      return .failed
    }
  }

  /// The reference of the command line in Markdown: `Docs/Reference/command-line.md`.
  public static var reference: String { Reference.markdown(for: tool) }
}
