// SPDX-License-Identifier: Apache-2.0

import Foundation
import Serving
import TestSupport
import Testing

/// Nothing outside the folder is served, and nothing hidden.
struct SafetyTests {
  @Test(arguments: [
    "/../secret", "/..%2fsecret", "/%2e%2e/secret", "/%2E%2e%2Fsecret", "/folder/../../secret", "/./../secret",
    "/folder/%2e%2e/%2e%2e/secret",
    "//../secret", "/..", "/letters.txt%00.json", "/%00", "/folder%2f..%2f..%2fsecret", "http://a/../secret", "/..?x", "/%2e",
  ])
  func whatLeadsOutOfTheFolderIsRefused(target: String) async throws {
    try await Served.with { served in
      try served.write("../secret", "secret")
      try served.write("folder/file", "file")
      let answer = try #require(try served.ask(target))
      #expect(answer.status == 400 && !answer.text.contains("secret\n"), "\(answer.text)")
      #expect(!answer.text.hasPrefix("secret"))
    }
  }

  @Test(arguments: ["/%2e%2e%5csecret", "/....//secret", "/..%c0%afsecret", "/%252e%252e/secret", "/..\\secret", "/~/secret"])
  func otherSpellingsAreNamesThatAreNotThere(target: String) async throws {
    try await Served.with { served in
      try served.write("../secret", "secret")
      let status = try #require(try served.ask(target)).status
      #expect(status == 404 || status == 400)
    }
  }

  @Test func linksOutOfTheFolderAreRefused() async throws {
    try await Served.with { served in
      try served.write("../outside/secret", "secret")
      try served.write("../rootless/secret", "secret")
      let (files, folder) = (FileManager.default, served.folder.path)
      try files.createSymbolicLink(atPath: folder + "/file", withDestinationPath: "../outside/secret")
      try files.createSymbolicLink(atPath: folder + "/folder", withDestinationPath: folder + "/../outside")
      try files.createSymbolicLink(atPath: folder + "/round", withDestinationPath: "round")
      // Its name begins as the root's does.
      try files.createSymbolicLink(atPath: folder + "/beside", withDestinationPath: "../rootless")
      for target in ["/file", "/folder/secret", "/round", "/beside/secret"] {
        let answer = try #require(try served.ask(target))
        #expect(answer.status == 403 && !answer.text.contains("secret"), "\(target)")
      }
      try files.createSymbolicLink(atPath: folder + "/inside", withDestinationPath: "letters.txt")
      #expect(try served.ask("/inside")?.body.count == 26)
    }
  }

  @Test func hiddenFilesAreNotThereButThoseOfZarr() async throws {
    try await Served.with { served in
      for name in [".weft/run/plan.json", ".image.weft/plan", ".env", "a/.git/config"] { try served.write(name, "hidden") }
      for name in [".zarray", ".zattrs", ".zgroup", ".zmetadata"] { try served.write("a/" + name, "{}") }
      try FileManager.default.createSymbolicLink(atPath: served.folder.path + "/seen", withDestinationPath: ".env")
      for target in ["/.weft/run/plan.json", "/.image.weft/plan", "/%2eenv", "/a/.git/config"] {
        #expect(try served.ask(target)?.status == 404, "\(target)")
      }
      #expect(try served.ask("/seen")?.status == 403)
      for name in [".zarray", ".zattrs", ".zgroup", ".zmetadata"] {
        let answer = try #require(try served.ask("/a/" + name))
        #expect(answer.text == "{}" && answer.fields["content-type"] == "application/json")
      }
    }
  }

  @Test func pipesAndFoldersAreNoFiles() async throws {
    try await Served.with { served in
      try served.write("folder/file", "file")
      #expect(unsafe mkfifo(served.folder.path + "/pipe", 0o600) == 0)
      for target in ["/pipe", "/folder", "/folder/", "/"] { #expect(try served.ask(target)?.status == 404, "\(target)") }
    }
  }

  @Test func whatMayNotBeReadIsRefused() async throws {
    try await Served.with { served in
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o000], ofItemAtPath: served.folder.appendingPathComponent("letters.txt").path)
      let status = try #require(try served.ask("/letters.txt")).status
      #expect(geteuid() == 0 || status == 403)
    }
  }

  @Test func otherFoldersLieUnderTheirNamesAlone() async throws {
    try await Served.with(others: [(["inputs", "fixed", "ä b.zarr"], "elsewhere/image")]) { served in
      try served.write("../elsewhere/image/zarr.json", "{}")
      try served.write("../elsewhere/other", "other")
      try served.write("inputs/mine", "mine")
      #expect(try served.ask("/inputs/fixed/%C3%A4%20b.zarr/zarr.json")?.text == "{}")
      #expect(try served.ask("/inputs/mine")?.text == "mine")
      for target in ["/inputs/fixed/other", "/inputs/fixed/zarr.json", "/elsewhere/other", "/zarr.json"] {
        #expect(try served.ask(target)?.status == 404, "\(target)")
      }
      #expect(try served.ask("/inputs/fixed/%C3%A4%20b.zarr/../other")?.status == 400)
    }
  }

  @Test func rubbishNeverStopsTheServer() async throws {
    try await Served.with { served in
      var random = SeededGenerator(seed: 7)
      let words = [
        "GET ", "HEAD ", "/letters.txt", "/", "..", "%2e", "%", " HTTP/1.1", "\r\n", "\n", ":", "Range: bytes=", "-",
        "9999999999999999999999",
        "Host: a", "\u{0}", "Content-Length: 5", "ü", " ", "\r\n\r\n", "If-Range: ", "http://", "*", "Connection: close",
      ]
      for _ in 0..<300 {
        let client = try served.client()
        client.send((0..<Int.random(in: 1...12, using: &random)).map { _ in words.randomElement(using: &random)! }.joined())
        client.send((0..<20).map { _ in UInt8.random(in: .min ... .max, using: &random) } + Array("\r\n\r\n".utf8))
        if let answer = client.answer() { #expect([200, 206, 304, 400, 404, 405, 416, 431, 505].contains(answer.status)) }
      }
      #expect(try served.ask("/letters.txt")?.status == 200)
    }
  }

  @Test func onlyFoldersAreServed() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("file").path
      try Data().write(to: URL(fileURLWithPath: file))
      for path in [file, folder.path + "/nothing"] {
        #expect(throws: ServingError.self) { try ServedFolder(path) }
      }
    }
  }

  @Test func aTakenPortIsToldOf() async throws {
    try await Served.with { served in
      let tree = ServedTree(root: try ServedFolder(served.folder.path))
      let error = #expect(throws: ServingError.self) { try FileServer(tree, port: served.port) }
      #expect(error?.message.contains("\(served.port)") == true && error?.hint.contains("--port 0") == true)
      #expect(throws: ServingError.self) { try FileServer(tree, host: "no.such.host.invalid", port: 0) }
    }
  }
}
