// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Words of a command line.
package enum ShellWord {
  /// A word as the shell takes it.
  package static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=:,+@".contains($0)) }
    return plain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
