// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A client of a server on the loopback that sends exactly the bytes it is told to.
public final class RawClient: Sendable {
  /// What came back.
  public struct Answer: Sendable {
    /// As 200.
    public let status: Int
    /// Fields by their names in lower case.
    public let fields: [String: String]
    public let body: [UInt8]
    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let descriptor: Int32

  /// Connects.
  public init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = unsafe withUnsafeBytes(of: &address) {
      unsafe connect(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
    guard code == 0 else { throw POSIXError(.ECONNREFUSED) }
    // A server that is stuck fails a test, and does not hold it for ever.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Sends bytes as they are.
  public func send(_ bytes: [UInt8]) {
    _ = unsafe bytes.withUnsafeBytes { unsafe Foundation.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Sends text as it is.
  public func send(_ text: String) { send(Array(text.utf8)) }

  /// Asks for a target, with more fields where wanted, and reads the answer.
  public func ask(_ target: String, method: String = "GET", _ fields: [String: String] = [:]) -> Answer? {
    let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + fields.map { "\($0): \($1)" }
    send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    return answer(isHead: method == "HEAD")
  }

  /// The next answer; `nil` where the server has closed before its end.
  public func answer(isHead: Bool = false) -> Answer? {
    guard let (status, fields) = head() else { return nil }
    let count = isHead ? 0 : Int(fields["content-length"] ?? "") ?? 0
    guard let body = bytes(count) else { return nil }
    return Answer(status: status, fields: fields, body: body)
  }

  /// The head of the next answer.
  public func head() -> (status: Int, fields: [String: String])? {
    var head: [UInt8] = []
    while !head.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) {
      guard let byte = bytes(1) else { return nil }
      head += byte
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    guard let words = lines.first?.split(separator: " "), words.count > 1, let status = Int(words[1]) else { return nil }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    return (status, fields)
  }

  /// Exactly that many bytes; `nil` where fewer come.
  public func bytes(_ count: Int) -> [UInt8]? {
    if count == 0 { return [] }
    var filled = 0
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initialised in
      while filled < count {
        let step = unsafe recv(descriptor, target.baseAddress! + filled, count - filled, 0)
        if step <= 0 { break }
        filled += step
      }
      initialised = filled
    }
    return filled == count ? result : nil
  }

  /// Reads bytes and forgets them.
  ///
  /// - Returns: how many came, at most `most`.
  public func drain(_ most: Int) -> Int {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var total = 0
    while total < most {
      let step = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress!, min($0.count, most - total), 0) }
      if step <= 0 { break }
      total += step
    }
    return total
  }

  /// Whether the server has closed the connection, once it does or a minute has passed.
  public var isClosed: Bool {
    var byte: UInt8 = 0
    return unsafe recv(descriptor, &byte, 1, 0) == 0
  }
}
