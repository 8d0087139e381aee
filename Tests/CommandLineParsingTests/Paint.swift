// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing

/// The command that these tests parse.
struct Paint: Sendable, Equatable {
  enum Colour: String, CaseIterable, ArgumentValue { case red, green, blue }

  var wall = ""
  var ceiling = ""
  var colour = Colour.green
  var coats = 2
  var thickness = 0.5
  var budget: Int?
  var brushes: [String] = []
  var corners: [Int] = []
  var isDry = false
  var isQuiet = false

  static let command = Command(
    "paint", "paint a wall", discussion: ["A wall is painted from top to bottom, coat after coat."], defaults: Paint(),
    positionals: [
      .value("WALL", at: \.wall, "the wall to paint"), .value("CEILING", at: \.ceiling, "the ceiling above it", isRequired: false),
    ],
    groups: [
      OptionGroup(
        "Paint",
        [
          .value("--colour", "-c", at: \.colour, "NAME", "red, green or blue", detail: "Green calms."),
          .value("--coats", "-n", at: \.coats, "COUNT", "How many coats"),
          .value("--thickness", at: \.thickness, "MM", "Thickness of a coat in millimetres"),
          .value("--budget", at: \.budget, "EUROS", "What it may cost", fallback: "no limit"),
        ]),
      OptionGroup(
        "Tools",
        [
          .repeated("--brush", at: \.brushes, "FILE", "A brush; may be given several times", completion: .file),
          .values("--corners", at: \.corners, ["LEFT", "RIGHT"], "Centimetres to leave free"),
          .flag("--dry-run", at: \.isDry, "Paint nothing"), .flag("--quiet", "-q", at: \.isQuiet, "Say nothing"),
        ]),
    ],
    examples: [CommandExample("paint the north wall blue", "house paint north --colour blue")],
    check: { (arguments) throws(UsageError) in
      if arguments.coats < 1 { throw UsageError("`--coats` is \(arguments.coats), and must be 1 or more") }
    })

  static let tool = ToolDescription(
    name: "house", summary: "keep a house", closing: "See `house paint --help`",
    commands: [
      command.description, Command("plan paint", "plan painting", defaults: Paint()).description,
      Command("plan roof", "plan a roof", defaults: Paint()).description,
    ])

  static func parsed(_ words: [String]) throws -> Paint? {
    if case .arguments(let paint) = try command.parse(words) { return paint }
    return nil
  }
}
