// SPDX-License-Identifier: Apache-2.0

/// Text as it stands in an address.
public enum AddressText {
  /// Percent-encodes everything but letters, digits and `-._~`, which stand for themselves everywhere in an address.
  /// https://www.rfc-editor.org/rfc/rfc3986#section-2.3
  public static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The names of folders as they stand behind an address: each encoded, after a slash.
  public static func path(_ names: [String]) -> String { names.map { "/" + encoded($0) }.joined() }
}
