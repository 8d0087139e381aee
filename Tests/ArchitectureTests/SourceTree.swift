// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of the package, as the tests of its structure see them.
enum SourceTree {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// One source file.
  struct File: Sendable, CustomStringConvertible {
    /// The path from the package, as `Sources/Grids/Box.swift`.
    let path: String
    let text: String

    /// The target it belongs to: its folder below `Sources` or `Tests`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    var description: String { path }

    /// What it imports, with the words before `import`.
    var imports: [(access: String, module: String)] {
      text.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
        guard let place = words.firstIndex(of: "import"), place <= 1, place + 1 < words.count else { return nil }
        return (place == 0 ? "" : String(words[0]), String(words[place + 1].split(separator: ".")[0]))
      }
    }
  }

  /// All Swift files below a folder.
  static func swiftFiles(_ folder: String) -> [File] { files(folder) { $0.hasSuffix(".swift") } }

  /// All files below a folder whose names are wanted, in the order of their paths.
  static func files(_ folder: String, _ isWanted: (String) -> Bool) -> [File] {
    let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)?.compactMap { $0 as? String } ?? []
    return names.filter { isWanted($0) && !$0.contains("/.") && !$0.contains("__pycache__") }.sorted().compactMap { name in
      let path = "\(folder)/\(name)"
      return (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)).map { File(path: path, text: $0) }
    }
  }
}
