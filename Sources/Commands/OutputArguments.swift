// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing

/// How a verb talks.
struct OutputArguments: Sendable {
  var json = false
  var quiet = false
}

/// The arguments of a verb that talks.
protocol TalkingArguments: Sendable {
  var output: OutputArguments { get set }
}

extension TalkingArguments {
  /// What every verb understands about its own words.
  static var talking: [Option<Self>] {
    [
      .flag(
        "--json", at: \.output.json, "Print the result as JSON, and progress as JSON lines",
        detail: "The result goes to standard output, progress to standard error."),
      .flag("--quiet", "-q", at: \.output.quiet, "Print only results, warnings and errors"),
    ]
  }
}
