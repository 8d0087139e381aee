// SPDX-License-Identifier: Apache-2.0

extension ToolDescription {
  /// Finds the command that a line begins with.
  ///
  /// - Returns: the command's place in `commands` and the words after its name.
  /// - Throws: `UsageError` for a word that names no command, with the nearest one where one is near.
  public func match(_ words: [String]) throws(UsageError) -> (index: Int, rest: [String]) {
    // The longest name wins, so that `plan register` is not taken for `plan`.
    let matching = commands.indices.filter { words.starts(with: commands[$0].name) }
    if let index = matching.max(by: { commands[$0].name.count < commands[$1].name.count }) {
      return (index, Array(words.dropFirst(commands[index].name.count)))
    }
    let first = words.first ?? ""
    let seconds = commands.filter { $0.name.count > 1 && $0.name[0] == first }.map { $0.name[1] }
    if !seconds.isEmpty {
      let given = words.dropFirst().first.map { ", not `\($0)`" } ?? ""
      throw UsageError(
        "`\(name) \(first)` needs " + seconds.map { "`\($0)`" }.joined(separator: " or ") + given,
        hint: "type `\(name) \(first) \(seconds[0])`")
    }
    if first.hasPrefix("-") {
      throw UsageError("unknown option `\(first)`", hint: "a command comes first; see `\(name) --help`")
    }
    let nearest = Suggestion.nearest(to: first, among: commands.map { $0.name[0] })
    throw UsageError(
      "unknown command `\(first)`",
      hint: nearest.map { "did you mean `\(name) \($0)`?" } ?? "see `\(name) --help` for the commands there are")
  }
}
