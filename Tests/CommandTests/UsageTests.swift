// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Testing

struct UsageTests {
  @Test(
    arguments: [
      ("regster a b", "unknown command `regster`", "did you mean `weft register`?"),
      ("plan", "`weft plan` needs `register` or `segment` or `export`", "type `weft plan register`"),
      ("register a", "`register` needs MOVING", "see `register -h` for how to call it"),
      ("register a b", "`register` needs `--output`", "name a folder for the results, as --output out"),
      (
        "register a b -o o --overlap 1.5",
        "invalid value `1.5` for `--overlap`: expected a fraction from 0 to below 1 as 0.15, or voxels as 38vx", nil
      ),
      (
        "register a b -o o --overlap=-0.1",
        "invalid value `-0.1` for `--overlap`: expected a fraction from 0 to below 1 as 0.15, or voxels as 38vx", nil
      ),
      (
        "register a b -o o --preset smal", "invalid value `smal` for `--preset`: expected one of auto, small, medium, large, huge",
        "did you mean `--preset small`?"
      ),
      ("register a b -o o --memory lots", "invalid value `lots` for `--memory`: expected a size as 8GB or 500MB", nil),
      ("register a b -o o --threads 0", "invalid value `0` for `--threads`: expected a whole number above 0", nil),
      (
        "register a b -o o --chunk-size 0",
        "invalid value `0` for `--chunk-size`: expected a whole number above 0, or one for each axis as Z,Y,X, or auto", nil
      ),
      ("register a b -o o --region 0:4", "invalid value `0:4` for `--region`: expected a range for each axis, as 0:64,0:256,128:256", nil),
      (
        "register a b -o o --stages affine,wrap",
        "invalid value `affine,wrap` for `--stages`: expected some of affine,warp,fine, each once, joined by commas", nil
      ),
      (
        "register a b -o o --stages affine,affine",
        "invalid value `affine,affine` for `--stages`: expected some of affine,warp,fine, each once, joined by commas", nil
      ),
      ("register a b -o o --fixed-channel -1", "invalid value `-1` for `--fixed-channel`: expected a whole number from 0", nil),
      ("register a b -o o --interpolate linear", "unknown option `--interpolate` for `register`", "did you mean `--interpolation`?"),
      ("evaluate", "`evaluate` needs something to measure", "give --truth, --landmarks, --labels, --objects or --images"),
      ("evaluate --truth pair", "`--truth` needs `--transforms`", "add --transforms with the output folder of `weft register`"),
      ("apply -t out -i a.tif", "`apply` needs `--output`", "see `apply -h` for how to call it"),
      ("phantom d --shape 4", "`--shape 4` is too small", "give at least 16 voxels an axis"),
      ("completions tcsh", "invalid value `tcsh` for SHELL: expected one of bash, zsh, fish", nil),
    ] as [(String, String, String?)])
  func wrongUsageIsNamedAndEndsWithTwo(line: String, message: String, hint: String?) async {
    let transcript = await Transcript(line.split(separator: " ").map(String.init))
    #expect(transcript.status == .wrongUsage)
    #expect(transcript.errors == "error: \(message)\n" + (hint.map { "\nhint: \($0)\n" } ?? ""))
    #expect(transcript.output.isEmpty)
  }

  @Test(arguments: ["info /no/such/image", "register /no/such/a /no/such/b -o /no/such/c", "evaluate --labels /no/a /no/b"])
  func aMissingFileIsAnErrorThatEndsWithOne(line: String) async {
    let transcript = await Transcript(line.split(separator: " ").map(String.init))
    #expect(transcript.status == .failed)
    #expect(transcript.errors.hasPrefix("error: /no/") && transcript.errors.contains("\nhint: "))
  }

  @Test(arguments: [["--help"], ["-h"], []])
  func helpListsTheCommands(words: [String]) async {
    let transcript = await Transcript(words)
    #expect(transcript.status == .done)
    for name in [
      "register", "segment", "tiles", "apply", "convert", "validate", "info", "plan register", "phantom", "evaluate", "view", "serve",
      "patches", "patches count", "completions",
    ] {
      #expect(transcript.output.contains("\n  \(name) "))
    }
  }

  @Test(arguments: [
    "register", "segment", "tiles", "apply", "convert", "validate", "info", "plan register", "phantom", "evaluate", "view", "serve",
    "patches", "patches count", "completions",
  ])
  func everyCommandHasHelpThatFitsATerminal(name: String) async {
    let words = name.split(separator: " ").map(String.init)
    let (short, full) = (await Transcript(words + ["-h"]), await Transcript(words + ["--help"]))
    #expect(short.status == .done && full.status == .done)
    #expect(full.output.count > short.output.count)
    #expect(full.output.contains("Examples:"))
    let prose = full.output.components(separatedBy: "Examples:")[0]
    #expect(prose.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func theVersionIsPrinted() async {
    let transcript = await Transcript(["--version"])
    #expect(transcript.output.hasPrefix("weft ") && transcript.errors.isEmpty)
  }
}
