// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Images that lie in archives and on servers.
struct ElsewhereTests {
  /// A small pair in a folder.
  private func withPair(_ body: (_ folder: String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try #require(weft(["phantom", folder.path + "/pair", "--shape", "48", "--seed", "6", "-q"]).status == 0)
      try body(folder.path)
    }
  }

  @Test func anImageInAnArchiveIsTheImage() throws {
    guard python != nil else { return }
    try withPair { folder in
      let archive = folder + "/pair.zip"
      let made = try runInteropScript("write_archive.py", [folder + "/pair", archive, "stored"])
      try #require(made.status == 0, "\(made.output)")
      let told = try weft(["info", archive + "/fixed.ome.zarr"])
      #expect(told.status == 0 && told.output.contains("OME-Zarr 0.5"), "\(told.errors)")
      let registering = ["-q", "--accuracy", "draft", "-o"]
      let far = try weft(["register", archive + "/fixed.ome.zarr", archive + "/moving.ome.zarr"] + registering + [folder + "/far"])
      try #require(far.status == 0, "\(far.errors)")
      let near = try weft(
        ["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr"] + registering + [folder + "/near"])
      try #require(near.status == 0, "\(near.errors)")
      #expect(try resultFiles(folder + "/far/registered.ome.zarr") == resultFiles(folder + "/near/registered.ome.zarr"))
      // What lies in the archive is named where the archive is no image itself.
      let whole = try weft(["info", archive])
      #expect(whole.status == 1 && whole.errors.contains("fixed.ome.zarr"), "\(whole.errors)")
      let missing = try weft(["info", archive + "/other.ome.zarr"])
      #expect(missing.status == 1 && missing.errors.contains("is not an image"), "\(missing.errors)")
      let into = try weft(["convert", folder + "/pair/fixed.ome.zarr", archive + "/copy.ome.zarr"])
      #expect(into.status == 1 && into.errors.contains("lies in a zip archive"), "\(into.errors)")
      // Cut short, an archive has lost its list.
      let bytes = try Data(contentsOf: URL(fileURLWithPath: archive))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: archive))
      let cut = try weft(["info", archive + "/fixed.ome.zarr"])
      #expect(cut.status == 1 && cut.errors.contains("is no zip archive, or its list of files is damaged"), "\(cut.errors)")
    }
  }

  @Test func anImageOnAServerIsTheImage() throws {
    try withPair { folder in
      guard let server = try LocalServer("web_server.py", [folder + "/pair", folder + "/log"]) else { return }
      let image = "\(server.address)/flaky/1/fixed.ome.zarr"
      let told = try weft(["info", image, "--json"])
      #expect(told.status == 0 && told.output.contains("OME-Zarr 0.5"), "\(told.errors)")
      let words = ["--diameter", "5", "-q", "-o"]
      let far = try weft(["segment", image] + words + [folder + "/far.ome.zarr"])
      try #require(far.status == 0, "\(far.errors)")
      try #require(weft(["segment", folder + "/pair/fixed.ome.zarr"] + words + [folder + "/near.ome.zarr"]).status == 0)
      var files = try [resultFiles(folder + "/far.ome.zarr"), resultFiles(folder + "/near.ome.zarr")]
      // The image's name stands in it.
      for index in files.indices { #expect(files[index].removeValue(forKey: "zarr.json") != nil) }
      #expect(files[0] == files[1] && files[0].count > 1)
      let level = try weft(["info", "\(server.address)/plain/fixed.ome.zarr/0"])
      #expect(level.status == 0 && level.output.contains("OME-Zarr 0.5"), "\(level.errors)")
      // The image around a level is asked for with the same permission.
      let guarded = try weft(["info", "\(server.address)/guarded/fixed.ome.zarr/0/?key=1"])
      #expect(guarded.status == 0 && guarded.output.contains("OME-Zarr 0.5"), "\(guarded.errors)")
      let gopher = try weft(["info", "gopher://\(folder)"])
      #expect(gopher.status == 1 && gopher.errors.contains("of a kind that is not read"), "\(gopher.errors)")
      let missing = try weft(["info", "\(server.address)/plain/other.ome.zarr"])
      #expect(missing.status == 1 && missing.errors.contains("neither zarr.json"), "\(missing.errors)")
      let refused = try weft(["info", "\(server.address)/refused/fixed.ome.zarr"])
      #expect(
        refused.status == 1 && refused.errors.contains("answers 403") && refused.errors.contains("access is denied"), "\(refused.errors)")
      let into = try weft(["convert", folder + "/pair/fixed.ome.zarr", "\(server.address)/plain/copy.ome.zarr"])
      #expect(into.status != 0 && into.errors.contains("on the web"), "\(into.errors)")
    }
  }
}
