// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft view`
enum ViewCommand {
  static let command = Command<ViewedArguments>(
    "view", "print what shows a result in Neuroglancer and napari",
    discussion: [
      "Prints three lines to paste: `weft serve`, which lets a browser read the images, the address that opens them in Neuroglancer, and the "
        + "command that opens them in napari with its plug-in napari-ome-zarr. The fixed image is magenta, the registered one green, labels lie on "
        + "top; black is the 1st percentile of an image, full colour the 99.8th.",
      "Of several rounds that were registered to one image all are shown, each in a colour of its own.",
      "Viewers read OME-Zarr: what is of another format is left out, with the `weft convert` that mends it. With --json the state of Neuroglancer "
        + "itself is printed. Docs/Guides/viewing.md tells more.",
    ],
    defaults: ViewedArguments(), positionals: ViewedArguments.positionals, groups: ViewedArguments.groups(leastPort: 1),
    examples: [
      CommandExample("look at a registration", "weft view out"),
      CommandExample("look at labels on the image that was segmented", "weft view labels.ome.zarr"),
      CommandExample("look at a registration whose fixed image is no OME-Zarr", "weft view out --image fixed_copy.ome.zarr"),
    ])

  static let verb = Verb(command) { arguments, console in
    let viewed = try arguments.viewed()
    try viewed.requireWhole()
    let state = try NeuroglancerState(viewed, at: FileServer.address(host: arguments.host, port: arguments.port))
    for omission in state.omissions { console.warn(omission) }
    guard !arguments.output.json else {
      try console.print(json: state)
      return .done
    }
    let lines = [
      ("Let the browser read the images:", arguments.line("serve", port: arguments.port)), ("Open them in Neuroglancer:", state.address()),
      ("Or in napari:", NapariCommand.line(state.layers.map(\.layer))),
    ]
    console.print(
      ([Numbers.table(state.layers.map { ($0.layer.name, $0.legend) })] + lines.map { "\($0.0)\n  \($0.1)" }).joined(separator: "\n\n"))
    return .done
  }
}
