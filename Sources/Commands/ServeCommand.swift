// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft serve`
enum ServeCommand {
  static let command = Command<ViewedArguments>(
    "serve", "let viewers in browsers read a folder",
    discussion: [
      "A server of files over HTTP, for this machine alone unless --host says otherwise, until Ctrl-C. It reads and never writes. DIR is its root; "
        + "the OME-Zarr images that the record of a run in DIR names, and that lie elsewhere, are served besides, below /inputs. What else lies "
        + "outside DIR is not served, nor what links lead to there, nor hidden files other than those of Zarr.",
      "Any page that is open in a browser on this machine may read what is served, as the viewer does. `weft view DIR` prints what to open; "
        + "Docs/Guides/viewing.md tells more.",
    ],
    defaults: ViewedArguments(), positionals: ViewedArguments.positionals, groups: ViewedArguments.groups(leastPort: 0),
    examples: [
      CommandExample("let viewers read a registration", "weft serve out"),
      CommandExample("take any free port, which is printed", "weft serve image.ome.zarr --port 0"),
    ])

  static let verb = Verb(command) { arguments, console in
    let viewed = try arguments.viewed()
    let outside = viewed.layers.filter(\.isOutside)
    let folders = try outside.map { (names: $0.names ?? [], folder: try ServedFolder($0.path)) }
    let server = try FileServer(
      ServedTree(root: ServedFolder(arguments.folder), others: folders), host: arguments.host, port: arguments.port)
    for path in viewed.missing { console.warn("\(path), which the record of the run names, is not there any more: it is not served") }
    if !FileServer.isLoopback(arguments.host) { console.warn("all machines that reach \(arguments.host) may read what is served") }
    let record = ServeRecord(
      address: server.address, port: server.port, folder: arguments.folder,
      inputs: folders.map { ServeRecord.Input(path: $0.folder.path, address: server.address + AddressText.path($0.names)) })
    if arguments.output.json {
      try console.print(json: record)
    } else {
      console.print(record.text(next: arguments.line("view", port: server.port), unless: viewed.whyNotShown))
    }
    await server.run()
    return .done
  }
}

/// What is printed of a server that has begun.
struct ServeRecord: Encodable {
  struct Input: Encodable {
    let path: String
    let address: String
  }

  let address: String
  let port: Int
  let folder: String
  /// What lies elsewhere.
  let inputs: [Input]

  /// - Parameters:
  ///   - line: the command that tells how to look at it.
  ///   - reason: why that would show nothing; `nil` where it shows something.
  func text(next line: String, unless reason: String?) -> String {
    Numbers.table([("serving", folder), ("address", address + "/")] + inputs.map { ("besides", "\($0.path) at \($0.address)/") })
      + "\n\nCtrl-C ends it. " + (reason.map { "`weft view` would show nothing: \($0)" } ?? "How to look at it:\n  \(line)")
  }
}
