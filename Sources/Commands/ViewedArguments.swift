// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `serve` and `view` are asked: the same, so that what one prints the other serves.
struct ViewedArguments: TalkingArguments {
  var folder = ""
  var image: String?
  var labels: [String] = []
  var host = "127.0.0.1"
  var port = 8080
  var output = OutputArguments()

  /// What there is to see in the folder.
  func viewed() throws -> ViewedFolder { try ViewedFolder(folder, image: image, labels: labels) }

  static let positionals: [Positional<ViewedArguments>] = [
    .value("DIR", at: \.folder, "The output folder of a run, an OME-Zarr image, or any folder", completion: .directory)
  ]

  /// - Parameter leastPort: 0 where any free port will do.
  static func groups(leastPort: Int) -> [OptionGroup<ViewedArguments>] {
    [
      OptionGroup(
        "Images",
        [
          .value(
            "--image", at: \.image, "PATH", "Where the fixed image, or the one that was segmented, lies now",
            detail: "Also a copy of it in OME-Zarr, where it is of another format.", fallback: "where the run's record names it",
            completion: .file),
          .repeated("--labels", at: \.labels, "PATH", "A label image besides those in the folder; can be repeated", completion: .file),
        ]),
      OptionGroup(
        "Options",
        [
          .parsed(
            "--port", at: \.port, "N", leastPort == 0 ? "The port; 0 takes any that is free, which is printed" : "The port of `weft serve`",
            expected: "a whole number from \(leastPort) to 65535", fallback: "8080"
          ) { Values.natural($0).flatMap { (leastPort...65535).contains($0) ? $0 : nil } },
          .value(
            "--host", at: \.host, "ADDRESS", leastPort == 0 ? "The address of this machine to listen at" : "The address of `weft serve`",
            detail: "Others than 127.0.0.1 let other machines read: 0.0.0.0 is every address of this one."),
        ] + talking),
    ]
  }

  /// The line by which another command looks at the same.
  func line(_ command: String, port: Int) -> String {
    var words = ["weft", command, folder]
    if let image { words += ["--image", image] }
    for path in labels { words += ["--labels", path] }
    if host != "127.0.0.1" { words += ["--host", host] }
    return (words + ["--port", String(port)]).map(ShellText.quoted).joined(separator: " ")
  }
}
