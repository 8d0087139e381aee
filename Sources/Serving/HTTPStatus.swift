// SPDX-License-Identifier: Apache-2.0

/// How a request is answered. https://www.rfc-editor.org/rfc/rfc9110#name-status-codes
enum HTTPStatus: Int, Sendable {
  case ok = 200
  case noContent = 204
  case partialContent = 206
  case notModified = 304
  case badRequest = 400
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case rangeNotSatisfiable = 416
  case headTooLarge = 431
  case failed = 500
  case versionNotSupported = 505

  /// The words after the number.
  var reason: String {
    switch self {
    case .ok: "OK"
    case .noContent: "No Content"
    case .partialContent: "Partial Content"
    case .notModified: "Not Modified"
    case .badRequest: "Bad Request"
    case .forbidden: "Forbidden"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .rangeNotSatisfiable: "Range Not Satisfiable"
    case .headTooLarge: "Request Header Fields Too Large"
    case .failed: "Internal Server Error"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }
}
