// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Testing

struct ParserTests {
  @Test(arguments: [
    ["north", "--colour", "blue", "--coats", "3"], ["--colour=blue", "north", "-n", "3"], ["-cblue", "-n3", "north"],
    ["-c=blue", "-n=3", "--", "north"], ["--coats", "1", "--coats", "3", "--colour", "red", "-c", "blue", "north"],
  ])
  func everySpellingGivesTheSameArguments(words: [String]) throws {
    let paint = try #require(try Paint.parsed(words))
    #expect(paint == Paint(wall: "north", colour: .blue, coats: 3))
  }

  @Test func repeatedOptionsGather() throws {
    #expect(try Paint.parsed(["w", "--brush", "a", "--brush=b"])?.brushes == ["a", "b"])
  }

  @Test func anOptionCanTakeTwoValues() throws {
    #expect(try Paint.parsed(["w", "--corners", "3", "-4"])?.corners == [3, -4])
  }

  @Test func shortFlagsJoin() throws {
    let paint = try #require(try Paint.parsed(["w", "-qn4"]))
    #expect(paint.isQuiet && paint.coats == 4)
  }

  @Test func afterTwoDashesEverythingIsAnArgument() throws {
    #expect(try Paint.parsed(["--", "--colour", "-q"]) == Paint(wall: "--colour", ceiling: "-q"))
  }

  @Test func negativeNumbersAreValues() throws {
    #expect(try Paint.parsed(["-5", "--thickness", "-0.5"]) == Paint(wall: "-5", thickness: -0.5))
  }

  @Test func helpWinsOverMistakes() throws {
    guard case .help(isFull: true) = try Paint.command.parse(["--colr", "x", "--help"]) else { throw UsageError("no full help") }
    guard case .help(isFull: false) = try Paint.command.parse(["-h"]) else { throw UsageError("no short help") }
  }

  @Test func aLaterCheckSeesTheWholeLine() {
    #expect(throws: UsageError("`--coats` is 0, and must be 1 or more")) { try Paint.parsed(["w", "--coats", "0"]) }
  }

  @Test(
    arguments: [
      ([], "`paint` needs WALL", "see `paint -h` for how to call it"),
      (["a", "b", "c"], "unexpected argument `c`: `paint` takes WALL CEILING", "quote a path that has spaces in it"),
      (["--color", "red"], "unknown option `--color` for `paint`", "did you mean `--colour`?"),
      (["--dry"], "unknown option `--dry` for `paint`", "did you mean `--dry-run`?"),
      (["--zzz"], "unknown option `--zzz` for `paint`", "see `paint -h` for the options there are"),
      (["-x"], "unknown option `-x` for `paint`", "did you mean `-c`?"),
      (["--colour", "bleu"], "invalid value `bleu` for `--colour`: expected one of red, green, blue", "did you mean `--colour blue`?"),
      (["--colour"], "`--colour` needs a value: NAME", "choose one of red, green, blue"),
      (["--colour", "--coats", "2"], "`--colour` needs a value: NAME", "choose one of red, green, blue"),
      (["--coats", "two"], "invalid value `two` for `--coats`: expected a whole number", nil),
      (["--thickness", "nan"], "invalid value `nan` for `--thickness`: expected a number", nil),
      (["--corners", "3"], "`--corners` needs a value: RIGHT", nil),
      (["--quiet=yes"], "`--quiet` takes no value, and was given `yes`", nil),
      (["--coats="], "`--coats` was given an empty value", nil),
      (["--colour", ""], "`--colour` was given an empty value", "choose one of red, green, blue"),
    ] as [([String], String, String?)])
  func mistakesAreNamed(words: [String], message: String, hint: String?) {
    #expect(throws: UsageError(message, hint: hint)) { try Paint.command.parse(words) }
  }

  @Test func aRequiredOptionIsAskedFor() {
    var command = Paint.command
    command.required = ["--colour"]
    #expect(throws: UsageError("`paint` needs `--colour`", hint: "see `paint -h` for how to call it")) { try command.parse(["w"]) }
  }
}

struct MatchTests {
  @Test func theLongestNameWins() throws {
    let (index, rest) = try Paint.tool.match(["plan", "roof", "x"])
    #expect(index == 2 && rest == ["x"])
  }

  @Test(arguments: [
    (["pait"], "unknown command `pait`", "did you mean `house paint`?"),
    (["quux"], "unknown command `quux`", "see `house --help` for the commands there are"),
    (["plan"], "`house plan` needs `paint` or `roof`", "type `house plan paint`"),
    (["plan", "x"], "`house plan` needs `paint` or `roof`, not `x`", "type `house plan paint`"),
    (["--colour"], "unknown option `--colour`", "a command comes first; see `house --help`"),
  ])
  func mistakesAreNamed(words: [String], message: String, hint: String) {
    #expect(throws: UsageError(message, hint: hint)) { try Paint.tool.match(words) }
  }
}

struct SuggestionTests {
  @Test(arguments: [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ab", "", 2)])
  func distancesAreThoseOfDamerau(first: String, second: String, expected: Int) {
    #expect(Suggestion.distance(first, second) == expected)
    #expect(Suggestion.distance(second, first) == expected)
  }
}
