// SPDX-License-Identifier: Apache-2.0

import Foundation
import Serving
import TestSupport
import Testing

/// What a server answers to requests.
struct AnswerTests {
  @Test func aFileIsSentWhole() async throws {
    try await Served.with { served in
      try served.write("a b/ü.json", "{}")
      let answer = try #require(try served.ask("/letters.txt"))
      #expect(answer.status == 200 && answer.text == "abcdefghijklmnopqrstuvwxyz")
      #expect(answer.fields["content-type"] == "text/plain; charset=utf-8" && answer.fields["accept-ranges"] == "bytes")
      #expect(answer.fields["access-control-allow-origin"] == "*" && answer.fields["connection"] == "keep-alive")
      let other = try #require(try served.ask("/a%20b/%C3%BC.json?version=2"))
      #expect(other.status == 200 && other.text == "{}" && other.fields["content-type"] == "application/json")
      #expect(try served.ask("http://elsewhere/letters.txt")?.status == 200)
    }
  }

  @Test func aHeadIsThatOfTheWholeWithoutIt() async throws {
    try await Served.with { served in
      let client = try served.client()
      let head = try #require(client.ask("/letters.txt", method: "HEAD"))
      // The next answer begins where the head ended.
      let whole = try #require(client.ask("/letters.txt"))
      #expect(head.status == 200 && head.fields == whole.fields && head.fields["content-length"] == "26" && whole.body.count == 26)
      #expect(client.ask("/nothing", method: "HEAD")?.status == 404 && client.ask("/letters.txt")?.status == 200)
    }
  }

  @Test(
    arguments: [
      ("bytes=0-0", 206, "bytes 0-0/26", "a"), ("bytes=2-4", 206, "bytes 2-4/26", "cde"), ("bytes=20-", 206, "bytes 20-25/26", "uvwxyz"),
      ("bytes=-3", 206, "bytes 23-25/26", "xyz"), ("bytes=24-99", 206, "bytes 24-25/26", "yz"),
      ("bytes=-99", 206, "bytes 0-25/26", "abcdefghijklmnopqrstuvwxyz"),
      ("bytes=25-99999999999999999999999", 206, "bytes 25-25/26", "z"), ("Bytes= 1 - 2 ", 206, "bytes 1-2/26", "bc"),
      ("bytes=26-", 416, "bytes */26", nil), ("bytes=26-30", 416, "bytes */26", nil), ("bytes=-0", 416, "bytes */26", nil),
      ("bytes=99999999999999999999999-", 416, "bytes */26", nil),
      // What is not understood is passed over, as several ranges are.
      ("bytes=0-1,4-5", 200, nil, "abcdefghijklmnopqrstuvwxyz"), ("bytes=4-2", 200, nil, "abcdefghijklmnopqrstuvwxyz"),
      ("lines=0-1", 200, nil, "abcdefghijklmnopqrstuvwxyz"), ("bytes=a-b", 200, nil, "abcdefghijklmnopqrstuvwxyz"),
      ("bytes=-", 200, nil, "abcdefghijklmnopqrstuvwxyz"), ("bytes=--5", 200, nil, "abcdefghijklmnopqrstuvwxyz"),
    ] as [(String, Int, String?, String?)])
  func aRangeIsExactlyThatPart(range: String, status: Int, part: String?, text: String?) async throws {
    try await Served.with { served in
      let answer = try #require(try served.ask("/letters.txt", ["Range": range]))
      #expect(answer.status == status && answer.fields["content-range"] == part)
      if let text { #expect(answer.text == text) }
    }
  }

  @Test func nothingHasNoRanges() async throws {
    try await Served.with { served in
      try served.write("empty", "")
      #expect(try served.ask("/empty")?.body == [])
      for range in ["bytes=0-", "bytes=-1"] {
        let answer = try #require(try served.ask("/empty", ["Range": range]))
        #expect(answer.status == 416 && answer.fields["content-range"] == "bytes */0")
      }
    }
  }

  @Test func absentChunksAreNotFoundAndTheConnectionStays() async throws {
    try await Served.with { served in
      let client = try served.client()
      for name in ["/0/c/0/0/0", "/letters.txt/0", "/", "", "/0/zarr.json"] where name != "" {
        #expect(client.ask(name)?.status == 404, "\(name)")
      }
      try served.write("0/c/0/0/0", "chunk")
      #expect(client.ask("/0/c/0/0/0")?.text == "chunk" && client.ask("/0/c/0/0")?.status == 404)
    }
  }

  @Test func onlyReadingIsAnswered() async throws {
    try await Served.with { served in
      for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "PROPFIND"] {
        let answer = try #require(try served.ask("/letters.txt", method: method))
        #expect(answer.status == 405 && answer.fields["allow"] == "GET, HEAD, OPTIONS", "\(method)")
      }
      // What follows a head is not taken for another request.
      let client = try served.client()
      client.send("PUT /letters.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\nGET /letters.txt HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.answer()?.status == 405)
      #expect(client.answer() == nil)
      #expect(try String(contentsOf: served.folder.appendingPathComponent("letters.txt"), encoding: .utf8).count == 26)
    }
  }

  @Test func aBrowserIsGivenLeave() async throws {
    try await Served.with { served in
      let answer = try #require(
        try served.ask(
          "/letters.txt", method: "OPTIONS",
          ["Origin": "https://viewer.example", "Access-Control-Request-Headers": "range", "Access-Control-Request-Private-Network": "true"])
      )
      #expect(answer.status == 204 && answer.fields["access-control-allow-origin"] == "*")
      #expect(answer.fields["access-control-allow-headers"]?.contains("Range") == true)
      #expect(answer.fields["access-control-allow-private-network"] == "true")
      #expect(try served.ask("*", method: "OPTIONS")?.status == 204)
    }
  }

  @Test func whatIsKnownIsNotSentAgain() async throws {
    try await Served.with { served in
      let client = try served.client()
      let tag = try #require(client.ask("/letters.txt")?.fields["etag"])
      let known = try #require(client.ask("/letters.txt", ["If-None-Match": "\"other\", \(tag)"]))
      #expect(known.status == 304 && known.body.isEmpty)
      #expect(client.ask("/letters.txt", ["Range": "bytes=0-1", "If-Range": tag])?.text == "ab")
      try served.write("letters.txt", "ABC")
      #expect(client.ask("/letters.txt", ["If-None-Match": tag])?.text == "ABC")
      #expect(client.ask("/letters.txt", ["Range": "bytes=0-1", "If-Range": tag])?.text == "ABC")
    }
  }

  @Test(
    arguments: [
      ("rubbish\r\n\r\n", 400), ("GET /letters.txt\r\n\r\n", 400), ("GET  /letters.txt HTTP/1.1\r\n\r\n", 400),
      ("GET /letters.txt HTTP/1.1\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\n", 505), ("GET / HTTP/1.1\r\nHost a\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET /letters.txt HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", 400),
      ("GET letters.txt HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
      ("GET /%f HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
      ("GET /" + String(repeating: "a", count: 20_000) + " HTTP/1.1\r\n", 431),
      ("GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 404),
      ("\r\n\r\nGET /letters.txt HTTP/1.0\r\n\r\n", 200),
    ] as [(String, Int)])
  func whatIsNoRequestIsRefused(bytes: String, status: Int) async throws {
    try await Served.with { served in
      let client = try served.client()
      client.send(bytes)
      let answer = try #require(client.answer())
      #expect(answer.status == status, "\(answer.text)")
      if [431, 505].contains(status) { #expect(answer.fields["connection"] == "close" && client.isClosed) }
    }
  }

  @Test func requestsThatComeTogetherAreAnsweredInTurn() async throws {
    try await Served.with { served in
      let client = try served.client()
      let request = "GET /letters.txt HTTP/1.1\r\nHost: a\r\nRange: bytes="
      client.send(request + "0-0\r\n\r\n" + request + "1-1\r\n\r\n" + request + "2-2\r\nConnection: close\r\n\r\n")
      #expect((0..<3).map { _ in client.answer()?.text ?? "" } == ["a", "b", "c"])
      #expect(client.isClosed)
    }
  }
}
