// SPDX-License-Identifier: Apache-2.0

/// An answer: its head, and the bytes of a file or a few words behind it.
struct HTTPResponse: Sendable {
  /// What follows the head.
  enum Body: Sendable {
    case none
    /// A few words.
    case text(String)
    /// Bytes of a file, which are sent from the disk as they are.
    case file(ServedFile, Range<Int>)

    /// Bytes.
    var count: Int {
      switch self {
      case .none: 0
      case .text(let text): text.utf8.count
      case .file(_, let range): range.count
      }
    }
  }

  var status: HTTPStatus
  /// Fields beside those that every answer has.
  var fields: [(name: String, value: String)] = []
  var body: Body = .none
  /// Whether the head is all that is sent: it is the same as with the body.
  var isHeadOnly = false

  /// An answer in words.
  static func words(_ status: HTTPStatus, _ text: String, _ fields: [(name: String, value: String)] = []) -> HTTPResponse {
    HTTPResponse(status: status, fields: fields + [("Content-Type", "text/plain; charset=utf-8")], body: .text(text + "\n"))
  }

  /// The bytes of the head, with the empty line behind it. Every page may read what is served: a viewer in a browser comes from elsewhere.
  func head(keepsAlive: Bool) -> [UInt8] {
    var lines = ["HTTP/1.1 \(status.rawValue) \(status.reason)", "Server: weft", "Access-Control-Allow-Origin: *"]
    lines.append("Access-Control-Expose-Headers: Accept-Ranges, Content-Length, Content-Range, ETag")
    lines += fields.map { "\($0.name): \($0.value)" }
    if status != .noContent && status != .notModified { lines.append("Content-Length: \(body.count)") }
    lines.append("Connection: \(keepsAlive ? "keep-alive" : "close")")
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }
}
