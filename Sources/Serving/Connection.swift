// SPDX-License-Identifier: Apache-2.0

/// One client: requests come, and are answered one after the other.
struct Connection {
  let socket: Socket
  let tree: ServedTree
  let limits: ServerLimits

  /// How much is sent before the clock starts again.
  private static let piece = 1 << 20
  private static let emptyLine = Array("\r\n\r\n".utf8)

  /// Answers until the client or a limit ends it.
  ///
  /// - Parameter mayStay: whether there is room for a connection that lies idle; asked after each request.
  func run(mayStay: () -> Bool) {
    var bytes: [UInt8] = []
    while true {
      switch nextHead(&bytes) {
      case .ended: return
      case .refused(let status, let reason):
        _ = send(.words(status, reason), keepsAlive: false)
        return
      case .head(let head):
        let request: HTTPRequest
        do { request = try HTTPRequest(head: head) } catch {
          _ = send(.words(error.status, error.reason), keepsAlive: false)
          return
        }
        // Bytes behind a head are not read: the next request would begin inside them.
        let keepsAlive = request.keepsAlive && !request.hasBody && mayStay()
        guard send(tree.answer(request), keepsAlive: keepsAlive), keepsAlive else { return }
      }
    }
  }

  private enum Head {
    case head([UInt8])
    case refused(HTTPStatus, String)
    case ended
  }

  /// - Parameter bytes: what has come; what lies behind the head is left there.
  private func nextHead(_ bytes: inout [UInt8]) -> Head {
    var deadline = bytes.isEmpty ? Socket.Deadline(in: limits.idleSeconds) : .init(in: limits.headSeconds)
    while true {
      // Some clients send an empty line before a request.
      while bytes.first == UInt8(ascii: "\r") || bytes.first == UInt8(ascii: "\n") { bytes.removeFirst() }
      if let end = bytes.firstRange(of: Self.emptyLine) {
        let head = Array(bytes[..<end.lowerBound])
        bytes.removeFirst(end.upperBound)
        return .head(head)
      }
      if bytes.count >= limits.headBytes { return .refused(.headTooLarge, "the head has more than \(limits.headBytes) bytes") }
      let hadNone = bytes.isEmpty
      guard let more = socket.received(most: limits.headBytes - bytes.count, until: deadline) else {
        return hadNone || deadline.milliseconds > 0 ? .ended : .refused(.requestTimeout, "the request did not end")
      }
      bytes += more
      if hadNone { deadline = .init(in: limits.headSeconds) }
    }
  }

  private func send(_ response: HTTPResponse, keepsAlive: Bool) -> Bool {
    let hasBody = !response.isHeadOnly && response.body.count > 0
    guard socket.send(response.head(keepsAlive: keepsAlive), more: hasBody, until: .init(in: limits.pieceSeconds)) else { return false }
    guard hasBody else { return true }
    switch response.body {
    case .none: return true
    case .text(let text): return socket.send(Array(text.utf8), more: false, until: .init(in: limits.pieceSeconds))
    case .file(let file, let range):
      return stride(from: range.lowerBound, to: range.upperBound, by: Self.piece).allSatisfy { start in
        socket.send(file, start..<min(start + Self.piece, range.upperBound), until: .init(in: limits.pieceSeconds))
      }
    }
  }
}
