// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A JSON value, as Zarr's metadata files hold it.
package enum JSON: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  /// A whole number above `Int64.max`.
  case unsigned(UInt64)
  case real(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// Parses a file's bytes; a bare `NaN`, `Infinity` or `-Infinity`, which JSON forbids and some writers emit, is read as a string.
  package static func parse(_ bytes: [UInt8], file: String) throws(ChunkStoreError) -> JSON {
    do {
      return try JSONDecoder().decode(JSON.self, from: Data(quotingBareNumberNames(bytes)))
    } catch {
      throw ChunkStoreError("\(file) is not valid JSON: \(describe(error))", hint: "the file is damaged or was not written to its end")
    }
  }

  /// The text of a metadata file: indented, keys sorted, the same bytes for the same value.
  package func encoded() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Only a NaN or an infinity could fail, and metadata holds those as strings.
    return (try? encoder.encode(self)).map { Array($0) } ?? []
  }

  private static func describe(_ error: any Error) -> String {
    guard case DecodingError.dataCorrupted(let context) = error else { return error.localizedDescription }
    let cause = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
    return cause ?? context.debugDescription
  }

  private static func quotingBareNumberNames(_ bytes: [UInt8]) -> [UInt8] {
    let names = ["-Infinity", "Infinity", "NaN"].map { Array($0.utf8) }
    guard names.contains(where: { bytes.contains($0[0]) || bytes.contains($0[1]) }) else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 16)
    var inString = false
    var i = 0
    while i < bytes.count {
      let byte = bytes[i]
      if inString {
        if byte == UInt8(ascii: "\\"), i + 1 < bytes.count {
          result += [byte, bytes[i + 1]]
          i += 2
          continue
        }
        if byte == UInt8(ascii: "\"") { inString = false }
      } else if byte == UInt8(ascii: "\"") {
        inString = true
      } else if let name = names.first(where: { bytes[i...].starts(with: $0) }) {
        result += [UInt8(ascii: "\"")] + name + [UInt8(ascii: "\"")]
        i += name.count
        continue
      }
      result.append(byte)
      i += 1
    }
    return result
  }
}

extension JSON: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .unsigned(value)
    } else if let value = try? container.decode(Double.self) {
      self = .real(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSON].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .unsigned(let value): try container.encode(value)
    case .real(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

extension JSON {
  /// The number, where it is one.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// The whole number, where it is one that `Int` holds.
  package var whole: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .real(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The text, where it is one.
  package var text: String? { if case .string(let value) = self { value } else { nil } }

  /// The elements, where it is an array.
  package var elements: [JSON]? { if case .array(let value) = self { value } else { nil } }

  /// The members, where it is an object.
  package var members: [String: JSON]? { if case .object(let value) = self { value } else { nil } }

  /// The member of that name; `nil` where there is none, it is null, or this is no object.
  package subscript(name: String) -> JSON? {
    guard let value = members?[name], value != .null else { return nil }
    return value
  }

  /// How the value looks in one line of a message.
  package var shown: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    return text.count > 80 ? text.prefix(77) + "…" : text
  }

  /// An array of whole numbers.
  package static func integers(_ values: [Int]) -> JSON { .array(values.map { .integer(Int64($0)) }) }

  /// An array of numbers.
  package static func reals(_ values: [Double]) -> JSON { .array(values.map { .real($0) }) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .real(value) }
  package init(booleanLiteral value: Bool) { self = .boolean(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(Dictionary(elements) { _, last in last }) }
}
