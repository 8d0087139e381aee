// SPDX-License-Identifier: Apache-2.0

/// Folders under one address: one at its root, others below it.
public struct ServedTree: Sendable {
  private let root: ServedFolder
  private let others: [(names: [String], folder: ServedFolder)]

  /// - Parameters:
  ///   - root: what `/` is.
  ///   - others: what lies elsewhere, by the names that lead to it, as `["inputs", "fixed", "brain.ome.zarr"]`; these win over the same names
  ///     in `root`.
  public init(root: ServedFolder, others: [(names: [String], folder: ServedFolder)] = []) {
    self.root = root
    self.others = others
  }

  /// How a request is answered.
  func answer(_ request: HTTPRequest) -> HTTPResponse {
    switch request.method {
    case "GET": return read(request)
    case "HEAD":
      var response = read(request)
      response.isHeadOnly = true
      return response
    case "OPTIONS": return Self.permission(request)
    default: return .words(.methodNotAllowed, "files can be read here, and nothing else", [("Allow", Self.methods)])
    }
  }

  private static let methods = "GET, HEAD, OPTIONS"

  private func read(_ request: HTTPRequest) -> HTTPResponse {
    do throws(HTTPRequest.Refusal) {
      let names = try RequestedPath(target: request.target).names
      let place = others.first { names.starts(with: $0.names) }
      let file = try (place?.folder ?? root).file(names.dropFirst(place?.names.count ?? 0))
      return Self.answer(request, file, named: names.last ?? "")
    } catch { return .words(error.status, error.reason) }
  }

  private static func answer(_ request: HTTPRequest, _ file: ServedFile, named name: String) -> HTTPResponse {
    // A result that is made again under the same name is not shown from the past.
    var fields = [("Accept-Ranges", "bytes"), ("ETag", file.tag), ("Cache-Control", "no-cache")]
    let known = (request.fields["if-none-match"] ?? "").split(separator: ",").map(\.trimmingSpaces)
    if known.contains("*") || known.contains(where: { $0 == file.tag || $0 == "W/" + file.tag }) {
      return HTTPResponse(status: .notModified, fields: fields)
    }
    fields += [("Content-Type", ContentType.of(name)), ("X-Content-Type-Options", "nosniff")]
    let isSame = request.fields["if-range"].map { $0 == file.tag } ?? true
    switch RequestedRange(request.method == "GET" && isSame ? request.fields["range"] : nil, of: file.size) {
    case .whole: return HTTPResponse(status: .ok, fields: fields, body: .file(file, 0..<file.size))
    case .part(let range):
      fields.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"))
      return HTTPResponse(status: .partialContent, fields: fields, body: .file(file, range))
    case .unsatisfiable:
      return .words(.rangeNotSatisfiable, "the file has \(file.size) bytes", [("Content-Range", "bytes */\(file.size)")])
    }
  }

  /// What a browser asks before it lets a page of elsewhere read. https://fetch.spec.whatwg.org/#cors-preflight-fetch
  private static func permission(_ request: HTTPRequest) -> HTTPResponse {
    var fields = [
      ("Allow", methods), ("Access-Control-Allow-Methods", methods), ("Access-Control-Allow-Headers", "Range, If-Range, If-None-Match"),
      ("Access-Control-Max-Age", "86400"),
    ]
    // Pages of the web ask so for what lies on one's own machine.
    if request.fields["access-control-request-private-network"] == "true" {
      fields.append(("Access-Control-Allow-Private-Network", "true"))
    }
    return HTTPResponse(status: .noContent, fields: fields)
  }
}
