// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks levers`
enum LeversVerb {
  struct Arguments: Sendable {
    var cases = ["seed7", "mouse", "brain"]
    var data: String?
    var settings: [Setting] = []
    var threads = 2
    var work: String?
  }

  static let command = Command<Arguments>(
    "levers", "what smoothing, steps and iterations give: error and likeness by setting",
    discussion: [
      "For each case the affine map is found once; then the engine deforms the whole pair with each setting, and the evaluation that "
        + "judges peers tells error (mean and 95 % of the foreground, in voxels) where the map is known, and likeness.",
      "A setting is what differs from the defaults, as smoothing=1.5,step=3: smoothing (of the whole field, in voxels; by the noise "
        + "without it), step (the Gaussian over which a step is gathered), iterations (the most at full resolution), end (a level ends "
        + "where a step gains less, in per cent), radius (of the windows), damping. Without --set the rows are those of "
        + "Docs/Concepts/engine.md.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .parsed(
            "--cases", at: \.cases, "NAME,…", "As in `registration`, volumes only", expected: "names joined by commas",
            fallback: "seed7,mouse,brain", parse: words),
          .repeated("--set", at: \.settings, "KEY=VALUE,…", "A setting, in place of the built-in ones"),
          .value(
            "--data", at: \.data, "FOLDER", "The folder of real volumes", fallback: "$WEFT_SHARED, else `shared` beside the package",
            completion: .directory),
          .value(
            "--work", at: \.work, "FOLDER", "Where pairs lie", fallback: ".build/accuracy in the package", completion: .directory),
          .value("--threads", at: \.threads, "N", "Threads of the engine"),
        ])
    ],
    examples: [
      CommandExample("one setting on one case", "weft-benchmarks levers --cases seed7 --set smoothing=1.5,step=3,iterations=4")
    ], check: { (arguments) throws(UsageError) in try require(arguments.threads, atLeast: 1, "`--threads`") })

  static let verb = Verb(command) { arguments in
    let work = try arguments.work ?? Program.package().path + "/.build/accuracy"
    let made = try Program.python("cases.py", [work, arguments.cases.joined(separator: ",")], data: arguments.data, isShown: false)
    let settings = arguments.settings.isEmpty ? Setting.documented : arguments.settings
    for line in String(decoding: made, as: UTF8.self).split(separator: "\n") {
      let (name, folder) = (String(line.split(separator: "\t")[0]), String(line.split(separator: "\t")[1]))
      let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      func volume(_ image: String) throws -> String {
        folder + "/" + (files.filter { $0.hasPrefix("\(image).nii") }.sorted().first ?? image)
      }
      let pair = try EnginePair(
        fixed: loadVolume(volume("fixed")), moving: loadVolume(volume("moving")), searchesStart: true, threads: arguments.threads)
      let rows = try settings.map { try row($0, pair, folder: folder, arguments) }
      say("\(name)\n")
      say(Table.text(["setting", "mean / 95 % error, voxels", "LNCC", "least Jacobian", "CPU s, deformable step"], rows) + "\n")
    }
  }

  private static func row(_ setting: Setting, _ pair: EnginePair, folder: String, _ arguments: Arguments) throws -> [String] {
    let options = setting.options(threads: arguments.threads)
    let (found, took) = try Seconds.of { try pair.deform(options) }
    let scratch = folder + "/levers"
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let positions = pair.positions(found.forward, threads: arguments.threads)
    try MapFile.write(positions, movingExtent: pair.moving.extent.lengths, into: scratch)
    let judged = try MapFile.judged(scratch, pair: folder, data: arguments.data)
    func number(_ key: String, _ digits: Int) -> String { (judged[key] ?? .nan).text(digits) }
    let error = judged["epe_mean_fg"] == nil ? "–" : number("epe_mean_fg", 3) + " / " + number("epe_p95_fg", 2)
    return [setting.name, error, number("lncc_fg", 3), number("jac_min", 2), took.cpu.text(1)]
  }
}
