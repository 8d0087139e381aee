// SPDX-License-Identifier: Apache-2.0

/// Foundation's path functions trap on names of one character (swift-corelibs 6.3), and `-o o` is a fair thing to type.
extension String {
  /// What follows the last slash.
  var fileName: String { lastIndex(of: "/").map { String(self[index(after: $0)...]) } ?? self }

  /// All up to the last slash, with it; empty for a bare name.
  var folderPrefix: String { lastIndex(of: "/").map { String(self[...$0]) } ?? "" }
}
