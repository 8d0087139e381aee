// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Where values lie on the web: `https://host/folder`, with what follows a `?` given with each request, or `s3://bucket/folder`.
struct WebAddress: Sendable, Hashable {
  /// As it was given, without what follows a `?`, which may be secret.
  let name: String
  /// What a key is appended to: `https://host/folder`.
  let base: String
  /// What follows the key, as `?token=…`; empty where there is nothing.
  let query: String
  /// How requests are signed; `nil` where they are not.
  let signature: Signature?

  /// Credentials for Amazon's signature, version 4.
  struct Signature: Sendable, Hashable {
    var region: String
    var key: String
    var secret: String
    var token: String
  }

  /// - Throws: where the address names no host or bucket.
  init(_ text: String, environment: [String: String]) throws(ChunkStoreError) {
    var parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    while parts[0].hasSuffix("/") { parts[0].removeLast() }
    let name = parts[0]
    self.name = name
    query = parts.count > 1 ? "?" + parts[1] : ""
    let start = name.range(of: "://").map { name[$0.upperBound...] } ?? ""
    guard let host = start.split(separator: "/").first, !start.hasPrefix("/") else {
      throw ChunkStoreError("\(name) names no host", hint: "give an address as https://host/image.ome.zarr or s3://bucket/image.ome.zarr")
    }
    guard name.lowercased().hasPrefix("s3://") else {
      base = String(name[..<start.startIndex]) + start.addingPathEncoding(leaving: "%:@[]!$&'()*+,;=")
      signature = nil
      return
    }
    func variable(_ names: String...) -> String? { names.compactMap { environment[$0] }.first { !$0.isEmpty } }
    let region = variable("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1"
    let folder = start.dropFirst(host.count)
    if var endpoint = variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") {
      while endpoint.hasSuffix("/") { endpoint.removeLast() }
      base = endpoint + "/" + host + folder.addingPathEncoding()
    } else if host.contains(".") {
      // Certificates do not cover names with dots before the service's.
      base = "https://s3.\(region).amazonaws.com/\(host)" + folder.addingPathEncoding()
    } else {
      base = "https://\(host).s3.\(region).amazonaws.com" + folder.addingPathEncoding()
    }
    if let key = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY") {
      signature = Signature(region: region, key: key, secret: secret, token: variable("AWS_SESSION_TOKEN") ?? "")
    } else {
      signature = nil
    }
  }

  /// The address of the value of a key.
  func url(of key: String) -> String { (key.isEmpty ? base : base + "/" + key[...].addingPathEncoding()) + query }
}

extension Substring {
  /// With all but slashes, RFC 3986's unreserved characters and those in `kept` written as `%XX`.
  fileprivate func addingPathEncoding(leaving kept: String = "") -> String {
    var text = ""
    for byte in utf8 {
      switch byte {
      case _ where kept.utf8.contains(byte): text.append(Character(UnicodeScalar(byte)))
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
        text.append(Character(UnicodeScalar(byte)))
      default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }
}
