// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing

/// `weft-benchmarks registration`
enum RegistrationVerb {
  struct Arguments: Sendable {
    var peers = "greedy,elastix,ants"
    var data: String?
    var cases: String?
    var repeats = 3
    var options = ""
    var work: String?
    var isTable = false
  }

  static let command = Command<Arguments>(
    "registration", "accuracy, time and memory beside greedy, elastix and ANTs",
    discussion: [
      "Registers pairs by `weft register` and by peers, in turn, so that all meet the same load of the machine, and prints one table: "
        + "for each case and program the medians of wall and CPU seconds, of peak memory, and of the error where the map is known; "
        + "folding, least Jacobian determinant, likeness; and Weft's error, CPU seconds and peak as parts of each peer's. What a peer "
        + "spends on importing its libraries is measured apart and taken off its seconds.",
      "Peers run in a Python of their own, which is made at the first call, or in the one that WEFT_PYTHON names; all have two threads. "
        + "WEFT names another build of the tool.",
      "Each result is kept as a line of results.jsonl in the work folder; `--table` prints the table of them again.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--peers", at: \.peers, "NAME,…", "Some of \(Peers.all.joined(separator: ", ")); or none"),
          .value(
            "--data", at: \.data, "FOLDER", "The folder of real volumes", fallback: "$WEFT_SHARED, else `shared` beside the package",
            completion: .directory),
          .value(
            "--cases", at: \.cases, "NAME,…", "Some of seed1 (or any other number), easifish, brain, mouse, histology",
            detail: "A name with a slash is a folder that holds fixed.nii and moving.nii, and gt_disp.npy where the map is known.",
            fallback: "seed1 to seed5 and the others"),
          .value("--repeat", at: \.repeats, "N", "Turns, of which the median is told"),
          .value("--options", at: \.options, "TEXT", "More options for `weft register`, as \"--metric mi\""),
        ]),
      OptionGroup(
        "Results",
        [
          .value(
            "--work", at: \.work, "FOLDER", "Where pairs and results lie", fallback: ".build/accuracy in the package",
            completion: .directory),
          .flag("--table", at: \.isTable, "Only print the table of what the work folder holds"),
        ]),
    ],
    examples: [
      CommandExample(
        "five pairs with a known answer, three turns",
        "weft-benchmarks registration --peers greedy,elastix,ants --data shared/data --cases seed1,seed2,seed3,seed4,seed5"),
      CommandExample("Weft alone on two brains", "weft-benchmarks registration --peers none --cases brain --repeat 1"),
    ],
    check: { (arguments) throws(UsageError) in
      try require(arguments.repeats, atLeast: 1, "`--repeat`")
      try Peers.check(arguments.peers, among: Peers.all)
    })

  static let verb = Verb(command) { arguments in
    var words = ["--peers", arguments.peers, "--repeat", String(arguments.repeats), "--options=\(arguments.options)"]
    if let cases = arguments.cases { words += ["--cases", cases] }
    if let work = arguments.work { words += ["--work", work] }
    if arguments.isTable { words.append("--table") }
    try Program.python("compare.py", words, data: arguments.data)
  }
}
