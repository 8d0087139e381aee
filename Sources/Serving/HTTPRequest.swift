// SPDX-License-Identifier: Apache-2.0

/// The head of a request as a client sent it: HTTP/1.0 or 1.1. https://www.rfc-editor.org/rfc/rfc9112
struct HTTPRequest: Sendable, Equatable {
  /// As `GET`; upper and lower case count.
  var method: String
  /// What is asked for, as it was sent: `/a.zarr/0/zarr.json`.
  var target: String
  /// Whether it is HTTP/1.1, whose connections stay open where nothing else is said.
  var isVersion11: Bool
  /// What each field says, by its name in lower case; fields that come again are joined by commas.
  var fields: [String: String]

  /// A head that is not answered by what it asks for.
  struct Refusal: Error, Equatable {
    var status: HTTPStatus
    /// What is wrong, in words.
    var reason: String
  }

  /// Reads a head.
  ///
  /// - Parameter head: all bytes before the empty line.
  /// - Throws: `Refusal` where it is not HTTP/1.0 or 1.1, or damaged.
  init(head: [UInt8]) throws(Refusal) {
    guard !head.contains(0), let text = String(validating: head, as: UTF8.self) else {
      throw Refusal(status: .badRequest, reason: "the request is not text")
    }
    // "\r\n" is one character of Swift.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" }
    let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, !words[0].isEmpty, !words[1].isEmpty else {
      throw Refusal(status: .badRequest, reason: "the first line is not a method, a target and a version")
    }
    guard ["HTTP/1.1", "HTTP/1.0"].contains(words[2]) else {
      throw Refusal(
        status: words[2].hasPrefix("HTTP/") ? .versionNotSupported : .badRequest, reason: "only HTTP/1.1 and 1.0 are spoken here")
    }
    (method, target, isVersion11) = (words[0], words[1], words[2] == "HTTP/1.1")
    fields = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, !line[..<colon].contains(where: \.isWhitespace) else {
        throw Refusal(status: .badRequest, reason: "a line of the head is no field")
      }
      let (name, value) = (line[..<colon].lowercased(), String(line[line.index(after: colon)...].trimmingSpaces))
      fields[name] = fields[name].map { $0 + "," + value } ?? value
    }
    if isVersion11, fields["host"] == nil { throw Refusal(status: .badRequest, reason: "the field Host is missing") }
  }

  /// Whether bytes follow the head, which no request that is answered here needs.
  var hasBody: Bool { fields["transfer-encoding"] != nil || (fields["content-length"].map { $0 != "0" } ?? false) }

  /// Whether the client is to be heard again on this connection.
  var keepsAlive: Bool {
    let options = (fields["connection"] ?? "").lowercased().split(separator: ",").map(\.trimmingSpaces)
    if options.contains("close") { return false }
    return isVersion11 || options.contains("keep-alive")
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  var trimmingSpaces: Substring {
    var rest = self
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return rest
  }
}
