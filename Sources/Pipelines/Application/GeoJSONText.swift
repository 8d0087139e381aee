// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The JSON that a GeoJSON file holds, taken as strictly as RFC 8259 has it; errors tell what to do about each fault.
///
/// https://www.rfc-editor.org/rfc/rfc8259
enum GeoJSONText {
  /// - Throws: `PipelineError` where the bytes are no JSON.
  static func value(_ data: Data, in path: String) throws -> Any {
    let value: Any
    do { value = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) } catch {
      let cause = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? error.localizedDescription
      throw PipelineError("\(path) is no JSON: \(cause)", hint: hint(for: cause, in: data))
    }
    // Foundation passes over these.
    if let line = lineOfTrailingComma(in: data) {
      throw PipelineError(
        "\(path) is no JSON: line \(line) has a comma with nothing after it before the bracket that closes", hint: "remove the comma")
    }
    return value
  }

  private static func hint(for cause: String, in data: Data) -> String {
    if String(validating: data, as: UTF8.self) == nil {
      return "GeoJSON is text in UTF-8, and this is of another encoding: `iconv -f latin1 -t utf-8` converts it where that is Latin-1"
    }
    if cause.contains("end of file") { return "the file is damaged or was not written to its end" }
    if cause.contains("not representable") { return "coordinates are numbers up to 1.8e308: correct this one" }
    return "correct it there, or write the file anew by the program that it comes from"
  }

  /// The line of the first comma that a closing bracket follows, from 1.
  private static func lineOfTrailingComma(in data: Data) -> Int? {
    var (line, isInString, isEscaped) = (1, false, false)
    var comma: Int?
    for byte in data {
      if byte == UInt8(ascii: "\n") { line += 1 }
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): continue
      case UInt8(ascii: ","): comma = line
      case UInt8(ascii: "]"), UInt8(ascii: "}"): if let comma { return comma }
      default:
        comma = nil
        isInString = byte == UInt8(ascii: "\"")
      }
    }
    return nil
  }
}
