// SPDX-License-Identifier: Apache-2.0

/// The names of folders and of the file that a request asks for, outermost first.
struct RequestedPath: Equatable {
  let names: [String]

  /// Reads the target of a request: `/a%20b/0`, or with the host before it; what follows `?` is passed over.
  ///
  /// - Throws: `HTTPRequest.Refusal` for what is no path, and for names that lead out of a folder, however they are written.
  init(target: String) throws(HTTPRequest.Refusal) {
    var rest = Substring(target.prefix { $0 != "?" && $0 != "#" })
    for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
      rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
    }
    guard rest.hasPrefix("/") else { throw .init(status: .badRequest, reason: "the target is no path") }
    var names: [String] = []
    for part in rest.split(separator: "/") {
      guard let name = Self.decoded(part) else {
        throw .init(status: .badRequest, reason: "a name in the path is not percent-encoded UTF-8")
      }
      guard name != ".", name != "..", !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") }) else {
        throw .init(status: .badRequest, reason: "the path leads out of the folder")
      }
      names.append(name)
    }
    self.names = names
  }

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? { Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init) }
}
