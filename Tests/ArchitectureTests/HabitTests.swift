// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Habits that every file keeps.
struct HabitTests {
  static let code = ["Sources", "Tests", "Examples"].flatMap { folder in
    SourceTree.files(folder) { name in
      ["swift", "c", "h", "cpp", "hpp", "py"].contains(String(name.split(separator: ".").last ?? "")) && !name.contains("Fixtures/")
    }
  }

  @Test func thereIsCode() { #expect(Self.code.count > 100) }

  @Test(arguments: code)
  func aFileBeginsWithItsLicence(file: SourceTree.File) {
    let head = file.text.split(separator: "\n").prefix(2).joined(separator: "\n")
    #expect(head.contains("SPDX-License-Identifier: Apache-2.0"), "\(file)")
  }

  @Test(arguments: code)
  func aFileStaysShort(file: SourceTree.File) {
    #expect(file.text.utf8.count < 25_000, "\(file) has \(file.text.utf8.count) bytes: split it")
  }

  @Test(arguments: code)
  func nothingNamesAMachine(file: SourceTree.File) {
    // Put together here, so that this file does not name them itself.
    let names = [["/", "work/"], ["/", "home/"], ["/", "root/"], ["/tmp/", "peers"]].map { $0.joined() }
    for name in names { #expect(!file.text.contains(name), "\(file) names \(name)") }
  }

  @Test func theTopLevelHoldsNothingElse() throws {
    let allowed: Set<String> = ["Package.swift", "Package.resolved", "Sources", "Tests", "Examples", "Docs", "README.md", "LICENSE"]
    let visible = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path).filter { !$0.hasPrefix(".") }
    #expect(Set(visible).isSubset(of: allowed), "\(Set(visible).subtracting(allowed).sorted())")
  }
}
