// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing

/// One verb of `weft-benchmarks`: what it takes and what it does.
struct Verb: Sendable {
  let description: CommandDescription
  /// Runs the words that follow the verb.
  let run: @Sendable ([String]) async throws -> Void

  init<Arguments: Sendable>(_ command: Command<Arguments>, _ body: @escaping @Sendable (Arguments) async throws -> Void) {
    description = command.description
    run = { words in
      switch try command.parse(words) {
      case .help(let isFull): say(Help.text(for: command.description, of: Benchmarks.name, isFull: isFull))
      case .arguments(let arguments): try await body(arguments)
      }
    }
  }
}

/// Throws where a number is below what makes sense.
func require(_ number: Int, atLeast least: Int, _ name: String) throws(UsageError) {
  guard number >= least else { throw UsageError("invalid value `\(number)` for \(name): expected a whole number from \(least)") }
}

/// Whole numbers from 1 joined by commas, as `128,256`.
func wholeNumbers(_ text: String) -> [Int]? {
  let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
  return !numbers.isEmpty && numbers.allSatisfy { $0 > 0 } ? numbers : nil
}

/// Words joined by commas.
func words(_ text: String) -> [String]? {
  let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  return words.contains("") ? nil : words
}
