// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A store on a web server or in S3, which is read and not written.
///
/// Parts of values are asked for by range. What fails in a way that may pass (no connection, a short answer, the status 408, 429 or 5xx) is
/// asked for again, five times in all, after a while that doubles or that the server names, up to 30 s. Answers are kept, the latest 32 MB.
public struct WebStore: KeyValueStore {
  private let address: WebAddress

  /// How often, how long and how much is asked for.
  public struct Patience: Sendable {
    /// Attempts at one request.
    public var attempts = 5
    /// Seconds until the second attempt.
    public var pause = 0.25
    /// Seconds that a connection may take to be made, and that no byte may come.
    public var connecting = 20
    public var idle = 60

    public init() {}
  }

  private let patience: Patience

  /// A store at an address: `http://…`, `https://…` (what follows a `?` is given with each request) or `s3://BUCKET/…`.
  ///
  /// S3 is asked at `AWS_ENDPOINT_URL`, else at Amazon in the region `AWS_REGION`, with the credentials `AWS_ACCESS_KEY_ID`,
  /// `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; without these anonymously.
  ///
  /// - Parameter environment: in place of the process's.
  /// - Throws: where the address is not understood.
  public init(
    _ address: String, patience: Patience = Patience(), environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ChunkStoreError) {
    self.address = try WebAddress(address, environment: environment)
    self.patience = patience
  }

  public func name(of key: String) -> String { address.name + "/" + key }

  public var fetchesAtOnce: Int { 8 }

  public func get(_ key: String) throws(ChunkStoreError) -> [UInt8]? { try get([ValueRequest(key)])[0]?.bytes }

  public func get(_ key: String, _ range: ByteRange) throws(ChunkStoreError) -> ValuePart? { try get([ValueRequest(key, range)])[0] }

  public func get(_ requests: [ValueRequest]) throws(ChunkStoreError) -> [ValuePart?] {
    for request in requests { try StoreKey.validate(request.key) }
    let questions = requests.map {
      WebAnswers.Question(
        url: address.url(of: $0.key), range: $0.range, signature: address.signature,
        isMetadata: $0.key.hasSuffix(".json") || $0.key.split(separator: "/").last?.hasPrefix(".z") == true)
    }
    var found = questions.map { WebAnswers.shared[$0] }
    let missing = requests.indices.filter { found[$0] == nil }
    guard !missing.isEmpty else { return found.map { $0! } }
    let fetched = try ask(missing.map { requests[$0] })
    for (index, part) in zip(missing, fetched) {
      WebAnswers.shared.keep(part, to: questions[index])
      found[index] = .some(part)
    }
    return found.map { $0! }
  }

  public func contains(_ key: String) -> Bool {
    guard (try? StoreKey.validate(key)) != nil else { return false }
    return (try? ask([ValueRequest(key)], isHead: true))?[0] != nil
  }

  public var listsNames: Bool { false }

  public func names(below prefix: String) -> [String] { [] }

  public func put(_ key: String, _ value: [UInt8]) throws(ChunkStoreError) { throw isReadOnly }

  public func remove(_ key: String) throws(ChunkStoreError) { throw isReadOnly }

  private var isReadOnly: ChunkStoreError {
    ChunkStoreError("\(address.name) lies on the web, which is read and not written", hint: "choose a local folder as output")
  }

  /// The answers to some requests, each asked for until it is answered or fails for good.
  private func ask(_ requests: [ValueRequest], isHead: Bool = false) throws(ChunkStoreError) -> [ValuePart?] {
    var found = [ValuePart??](repeating: nil, count: requests.count)
    var pause = patience.pause
    for attempt in 1...patience.attempts {
      let open = requests.indices.filter { found[$0] == nil }
      let answers = WebSession.answers(
        to: open.map {
          WebSession.Request(
            url: address.url(of: requests[$0].key), range: Self.range(requests[$0]), limit: Self.limit(requests[$0]), isHead: isHead)
        },
        address.signature, patience)
      var wait = 0.0
      for (index, answer) in zip(open, answers) {
        switch meaning(of: answer, requests[index]) {
        case .part(let part): found[index] = .some(part)
        case .failed(let reason, let mayPass):
          guard mayPass, attempt < patience.attempts else {
            throw ChunkStoreError(
              "\(name(of: requests[index].key)) cannot be read: \(reason)" + (attempt > 1 ? " (after \(attempt) attempts)" : ""),
              hint: hint(answer))
          }
          wait = max(wait, pause, min(30, answer.retryAfter))
        }
      }
      if found.allSatisfy({ $0 != nil }) { break }
      Thread.sleep(forTimeInterval: wait)
      pause *= 2
    }
    return found.map { $0! }
  }

  private enum Meaning {
    case part(ValuePart?)
    case failed(String, mayPass: Bool)
  }

  private func meaning(of answer: WebSession.Answer, _ request: ValueRequest) -> Meaning {
    switch answer.status {
    case 0: return .failed(answer.error, mayPass: answer.mayPass)
    case 200:
      // A server that knows no ranges sends everything.
      return .part(request.range.map { answer.bytes.part($0) } ?? ValuePart(bytes: answer.bytes, total: answer.bytes.count))
    case 206:
      guard let range = request.range, let total = answer.total else {
        return .failed("the answer is a part of it without a place", mayPass: false)
      }
      let expected = range.clamped(to: total)
      guard answer.bytes.count == max(expected.count, 1), answer.first == expected.lowerBound else {
        return .failed(
          "the answer has \(answer.bytes.count) bytes from \(answer.first ?? 0) on, and \(expected.count) from \(expected.lowerBound) on "
            + "were asked for", mayPass: true)
      }
      return .part(ValuePart(bytes: expected.isEmpty ? [] : answer.bytes, total: total))
    // An empty value has no part; neither has what lies behind the end.
    case 416: return .part(ValuePart(bytes: [], total: answer.total ?? 0))
    case 404, 410: return .part(nil)
    default:
      return .failed("the server answers \(answer.status)", mayPass: answer.status >= 500 || [408, 425, 429].contains(answer.status))
    }
  }

  private func hint(_ answer: WebSession.Answer) -> String {
    switch answer.status {
    case 401, 403:
      address.name.lowercased().hasPrefix("s3://")
        ? "access is denied: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or check the bucket, AWS_REGION and AWS_ENDPOINT_URL"
        : "access is denied: check the address, or give one that carries its permission"
    case 300..<400: "the bucket lies elsewhere: set AWS_REGION or AWS_ENDPOINT_URL"
    case 0: "check the address and the connection, then go on with the same command"
    default: "try again later with the same command, or copy the image to a local folder"
    }
  }

  /// What an answer may have at the most. A server that knows no ranges sends everything for each of them: small values are taken so.
  private static func limit(_ request: ValueRequest) -> Int {
    switch request.range {
    case nil: FileAccess.largestFile
    case .bytes(_, let count)?, .last(let count)?: max(count, 64 << 20)
    }
  }

  /// As the header Range has it.
  private static func range(_ request: ValueRequest) -> String {
    switch request.range {
    case nil: ""
    // Of no bytes there is no range: one is asked for, and left away.
    case .bytes(let offset, let count)?: "\(offset)-\(offset + max(count, 1) - 1)"
    case .last(let count)?: "-\(max(count, 1))"
    }
  }
}
