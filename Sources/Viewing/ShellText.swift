// SPDX-License-Identifier: Apache-2.0

/// Words of a command line for a shell.
public enum ShellText {
  /// A word as it is typed: in quotes where the shell would take it for something else.
  public static func quoted(_ word: String) -> String {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:=,+@%")
    if !word.isEmpty, word.allSatisfy(plain.contains) { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
