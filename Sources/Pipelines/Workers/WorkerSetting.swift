// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores

/// Settings as users write them, as programs get them.
enum WorkerSetting {
  /// The value that a text stands for: what it is as JSON, a number as Python writes it (`.5`, `+3`), `True`, `False` or `None`; else the
  /// text itself.
  static func value(of text: String) -> JSON {
    switch text {
    case "True": return true
    case "False": return false
    case "None": return nil
    default: break
    }
    if let value = try? JSON.parse(Array(text.utf8), file: "a setting") { return value }
    let isNumeral = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
    if isNumeral, let number = Double(text), number.isFinite { return Int64(exactly: number).map { .integer($0) } ?? .real(number) }
    return .string(text)
  }

  /// All settings as one object; of two with the same name the last one counts.
  static func object(_ settings: [(String, String)]) -> JSON {
    .object(Dictionary(settings.map { ($0.0, value(of: $0.1)) }) { _, last in last })
  }
}
