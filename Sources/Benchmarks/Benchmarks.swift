// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// The command line of `weft-benchmarks`.
enum Benchmarks {
  static let name = "weft-benchmarks"

  static let verbs: [Verb] = [
    RegistrationVerb.verb, BlockVerb.verb, ScalingVerb.verb, ProfileVerb.verb, StartsVerb.verb, SymmetricVerb.verb, LeversVerb.verb,
    TasksVerb.verb, OverheadVerb.verb, CostsVerb.verb, MergingVerb.verb, StorageVerb.verb, PatchesVerb.verb, PyramidVerb.verb,
    ApplyVerb.verb, VerdictsVerb.verb, EffortVerb.verb, ClustersVerb.verb,
  ]

  static let tool = ToolDescription(
    name: name, summary: "measure Weft, beside other programs and beside what the machine can do",
    closing: "See `\(name) COMMAND --help` for what is measured and how; Docs/Guides/performance.md and accuracy.md hold the results",
    commands: verbs.map(\.description))

  /// Runs one command line; what goes wrong is printed as `error:` and `hint:`.
  ///
  /// - Returns: the exit status: 0, 1 where something failed, 2 for arguments that make no sense.
  static func run(_ words: [String]) async -> Int32 {
    do {
      guard let first = words.first, !["--help", "-h", "help"].contains(first) else {
        say(Help.text(for: tool))
        return 0
      }
      if first == "--version" {
        say("\(name) \(WeftVersion.current)")
        return 0
      }
      if first == "nothing" {
        try await ClustersVerb.work(words)
        return 0
      }
      let (index, rest) = try tool.match(words)
      try await verbs[index].run(rest)
      return 0
    } catch let error as UsageError {
      show(error.message, error.hint)
      return 2
    } catch is AlreadyTold {
    } catch let error as any LocalizedError {
      show(error.errorDescription ?? "\(error)", error.recoverySuggestion)
    } catch {
      show(error.localizedDescription, nil)
    }
    return 1
  }

  private static func show(_ error: String, _ hint: String?) {
    FileHandle.standardError.write(Data("error: \(error)\n\(hint.map { "\nhint: \($0)\n" } ?? "")".utf8))
  }
}

/// Prints a line at once, since other processes print, too.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
