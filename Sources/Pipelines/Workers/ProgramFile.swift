// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// Tells a program's files and models from what they were before, by bytes and by when they were last changed.
enum ProgramFile {
  /// What a command names: each of its words that is a file, also after `=`.
  static func identities(inCommand command: String) -> [String] {
    let words = command.split { " \t\n'\"=;|&<>()".contains($0) }.map(String.init)
    // A path with blanks is a word in quotes.
    let quoted = ["'", "\""].flatMap { quote in
      command.split(separator: Character(quote), omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
        String($0.element)
      }
    }
    return Set(words + quoted).sorted().filter { FileManager.default.isFolder(atPath: $0) == false }.compactMap(identity)
  }

  /// A file, or a folder with all files in it; `nil` where there is nothing.
  static func identity(_ path: String) -> String? {
    guard let isFolder = FileManager.default.isFolder(atPath: path) else { return nil }
    let url = URL(fileURLWithPath: path).standardizedFileURL
    guard isFolder else { return [url.path, state(url.path)].joined(separator: "|") }
    var digest = Digest()
    let names = (FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []).sorted()
    for name in names where FileManager.default.isFolder(atPath: url.path + "/" + name) == false {
      digest.add("\(name)|\(state(url.path + "/" + name));".utf8)
    }
    return [url.path, digest.description].joined(separator: "|")
  }

  private static func state(_ path: String) -> String {
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: real)
    let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\((attributes?[.size] as? NSNumber)?.intValue ?? 0)|\(Int((changed * 1000).rounded()))"
  }
}
