// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Testing

struct ReferencePageTests {
  /// Rewrite the page with `WEFT_WRITE_REFERENCE=1 swift test -c release --filter ReferencePageTests`.
  @Test func thePageIsThatOfTheOptionLists() throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = package.appendingPathComponent("Docs/Reference/command-line.md")
    if ProcessInfo.processInfo.environment["WEFT_WRITE_REFERENCE"] != nil {
      try Data(WeftCommandLine.reference.utf8).write(to: page)
    }
    #expect(try String(contentsOf: page, encoding: .utf8) == WeftCommandLine.reference)
  }
}
