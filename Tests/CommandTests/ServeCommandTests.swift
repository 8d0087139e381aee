// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// `weft serve` and `weft view`.
struct ServeCommandTests {
  /// A pair of 2D images, registered.
  private func withRegistration(_ body: (_ pair: String, _ out: String) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let (pair, out) = (folder.appendingPathComponent("the pair").path, folder.appendingPathComponent("out").path)
      #expect(await Transcript(["phantom", pair, "--shape", "64,80", "--quiet"]).status == .done)
      let register = [
        "register", pair + "/fixed.ome.zarr", pair + "/moving.ome.zarr", "-o", out, "--accuracy", "draft", "--keep-work", "-q",
      ]
      #expect(await Transcript(register).status == .done)
      try await body(pair, out)
    }
  }

  @Test func aRegistrationIsServedWithItsInputsUntilCtrlC() async throws {
    try await withRegistration { pair, out in
      let server = try ServingProcess([out])
      let client = try RawClient(port: server.record.port)
      #expect(client.ask("/run.json")?.body == Array(try Data(contentsOf: URL(fileURLWithPath: out + "/run.json"))))
      let metadata = Array(try Data(contentsOf: URL(fileURLWithPath: pair + "/fixed.ome.zarr/zarr.json")))
      #expect(client.ask("/inputs/fixed/fixed.ome.zarr/zarr.json")?.body == metadata)
      #expect(server.record.inputs.map(\.path) == [pair + "/fixed.ome.zarr"])
      // What lies beside the input is nobody's business.
      #expect(client.ask("/inputs/fixed/moving.ome.zarr/zarr.json")?.status == 404)
      if let python {
        for (address, folder) in [
          (server.record.address + "/registered.ome.zarr", out + "/registered.ome.zarr"),
          (server.record.inputs[0].address, pair + "/fixed.ome.zarr"),
        ] {
          let read = try runInteropScript("read_served.py", [address, folder], interpreter: python)
          #expect(read.status == 0 && read.output.hasPrefix("tensorstore True") && !read.output.contains("False"), "\(read.output)")
        }
      }
      #expect(server.interrupt() == 0)
      #expect(client.isClosed)
    }
  }

  @Test func aViewIsThreeLinesToPasteAndItsStateIsServed() async throws {
    try await withRegistration { pair, out in
      let view = await Transcript(["view", out, "--port", "8123"])
      #expect(view.status == .done && view.errors.isEmpty, "\(view.errors)")
      #expect(view.output.contains("\n  weft serve \(out) --port 8123\n"))
      #expect(view.output.contains("\n  https://neuroglancer-demo.appspot.com/#!%7B"))
      #expect(view.output.contains("\n  napari --plugin napari-ome-zarr '\(pair)/fixed.ome.zarr' \(out)/registered.ome.zarr\n"))

      let server = try ServingProcess([out])
      let told = await Transcript(["view", out, "--json", "--port", "\(server.record.port)"])
      let state = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
      let sources = try #require(state["layers"] as? [[String: Any]]).map { $0["source"] as? String ?? "" }
      #expect(sources.count == 2)
      if let python {
        let file = out + "/state.json"
        try Data(told.output.utf8).write(to: URL(fileURLWithPath: file))
        let shown = await Transcript(["view", out, "--port", "\(server.record.port)"]).output
        let address = try #require(shown.split(separator: "\n").first { $0.contains("/#!") }).trimmingCharacters(in: .whitespaces)
        let read = try runInteropScript("neuroglancer_state.py", [file, address], interpreter: python)
        #expect(
          read.status == 0 && (read.output == "image fixed\nimage registered\n" || read.output.hasPrefix("skipped")), "\(read.output)")
      }
      // Each layer is where the state says.
      for source in sources {
        let path = try #require(URL(string: String(source.dropFirst("zarr://".count)) + "zarr.json"))
        #expect(path.port == server.record.port)
        #expect(try RawClient(port: server.record.port).ask(path.path)?.status == 200)
      }
    }
  }

  @Test func labelsAreShownOnTheirImage() async throws {
    try await withTemporaryFolder { folder in
      let (pair, labels) = (folder.appendingPathComponent("pair").path, folder.appendingPathComponent("out/cells.ome.zarr").path)
      try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: false)
      #expect(await Transcript(["phantom", pair, "--shape", "64,80", "--quiet"]).status == .done)
      let segment = ["segment", pair + "/fixed.ome.zarr", "--diameter", "8"]
      #expect(await Transcript(segment + ["-o", labels, "-q"]).status == .done)
      for folder in [labels, folder.path + "/out"] {
        let view = await Transcript(["view", folder])
        #expect(
          view.status == .done && view.output.hasPrefix("fixed  ") && view.output.contains("\ncells  "), "\(view.output)\(view.errors)")
      }
      #expect(await Transcript(segment + ["--into", pair + "/fixed.ome.zarr", "-q"]).status == .done)
      #expect(await Transcript(["view", pair + "/fixed.ome.zarr"]).output.contains("\nsegmentation  "))
    }
  }

  @Test func whatCannotBeShownIsOneErrorAndOneHint() async throws {
    try await withRegistration { pair, out in
      try FileManager.default.moveItem(atPath: pair + "/fixed.ome.zarr", toPath: pair + "/elsewhere.ome.zarr")
      let moved = await Transcript(["view", out])
      #expect(
        moved.errors
          == "error: \(pair)/fixed.ome.zarr, which the record of the run names, is not there any more\n\nhint: tell where it lies now: "
          + "--image PATH\n")
      #expect(moved.status == .failed)
      let found = await Transcript(["view", out, "--image", pair + "/elsewhere.ome.zarr"])
      #expect(found.status == .done && found.output.contains("weft serve \(out) --image '\(pair)/elsewhere.ome.zarr' --port 8080"))
      let server = try ServingProcess([out])
      #expect(server.record.inputs.isEmpty && server.interrupt() == 0)

      let begun = out + "/begun.ome.zarr"
      let image = pair + "/moving.ome.zarr"
      #expect(await Transcript(["plan", "segment", image, "-o", begun, "--diameter", "8", "-q"]).status == .done)
      for (words, part, status) in [
        (["view", begun], "the run of \(begun) is not finished", ExitStatus.failed), (["view", out + "/none"], "does not exist", .failed),
        (["view", out + "/run.json"], "is a file", .failed), (["serve", out + "/run.json"], "is a file", .failed),
        (["view", out, "--port", "0"], "expected a whole number from 1 to 65535", .wrongUsage),
        (["serve", out, "--port", "65536"], "from 0 to 65535", .wrongUsage),
        (["serve", out, "--host", "203.0.113.7"], "203.0.113.7", .failed),
      ] {
        let refused = await Transcript(words)
        #expect(refused.status == status && refused.errors.contains(part), "\(refused.errors)")
        if status == .failed { #expect(refused.errors.contains("\n\nhint: ")) }
      }
    }
  }
}
