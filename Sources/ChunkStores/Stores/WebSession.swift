// SPDX-License-Identifier: Apache-2.0

internal import CWeb
internal import Synchronization

/// Connections to servers, which are kept for the next requests; one thread uses them at a time.
@safe final class WebSession: Sendable {
  /// What is asked for.
  struct Request {
    var url: String
    /// As the header Range has it, without `bytes=`; empty for everything.
    var range: String
    /// Bytes that an answer may have.
    var limit: Int
    var isHead: Bool
  }

  /// What came.
  struct Answer: Sendable {
    /// As 200; 0 where no whole answer came.
    var status: Int
    /// Why none came, and whether another may.
    var error: String
    var mayPass: Bool
    var bytes: [UInt8]
    /// Where the answer is a part: its first byte, and the bytes of the whole.
    var first: Int?
    var total: Int?
    /// Seconds after which the server wants to be asked again.
    var retryAfter: Double
  }

  private let handle: Mutex<OpaquePointer>

  private init(_ signature: WebAddress.Signature?) {
    guard let opened = unsafe cweb_open() else { fatalError("there is no memory for a connection") }
    if let signature {
      unsafe cweb_sign(opened, "aws:amz:\(signature.region):s3", "\(signature.key):\(signature.secret)", signature.token)
    }
    unsafe handle = unsafe Mutex(opened)
  }

  deinit { unsafe handle.withLock { unsafe cweb_close($0) } }

  private static let idle = Mutex<[WebAddress.Signature?: [WebSession]]>([:])

  /// Asks for all at once, by a session that nobody else uses meanwhile.
  static func answers(to requests: [Request], _ signature: WebAddress.Signature?, _ patience: WebStore.Patience) -> [Answer] {
    let session = idle.withLock { $0[signature, default: []].popLast() } ?? WebSession(signature)
    defer { idle.withLock { $0[signature, default: []].append(session) } }
    return unsafe session.handle.withLock { session in
      unsafe cweb_set_timeouts(session, patience.connecting, patience.idle)
      for request in requests {
        guard unsafe cweb_add(session, request.url, request.range, request.isHead, Int64(request.limit)) >= 0 else {
          fatalError("there is no memory for a request")
        }
      }
      unsafe cweb_perform(session)
      defer { unsafe cweb_clear(session) }
      return (0..<Int64(requests.count)).map { unsafe answer(session, $0) }
    }
  }

  private static func answer(_ session: OpaquePointer, _ request: Int64) -> Answer {
    let count = unsafe Int(cweb_count(session, request))
    var bytes: [UInt8] = []
    if count > 0 {
      bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, filled in
        if let start = target.baseAddress { unsafe cweb_copy(session, request, start) }
        filled = count
      }
    }
    let (first, total) = unsafe (cweb_first(session, request), cweb_total(session, request))
    return Answer(
      status: unsafe Int(cweb_status(session, request)), error: unsafe String(cString: cweb_error(session, request)),
      mayPass: unsafe cweb_may_do_better(session, request), bytes: bytes, first: first < 0 ? nil : Int(first),
      total: total < 0 ? nil : Int(total),
      retryAfter: unsafe Double(cweb_retry_after(session, request)))
  }
}
