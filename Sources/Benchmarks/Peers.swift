// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing

/// The programs that Weft is compared with, as Tests/Accuracy/peers.py runs them.
enum Peers {
  static let all = ["greedy", "greedyDouble", "elastix", "ants", "antsCC"]
  /// Those that are run for an affine map alone.
  static let affine = ["greedy", "ants"]

  /// Throws where a list names another; `none` names none.
  static func check(_ list: String, among known: [String]) throws(UsageError) {
    if list == "none" { return }
    for name in list.split(separator: ",", omittingEmptySubsequences: false) where !known.contains(String(name)) {
      throw UsageError("unknown peer `\(name)`", hint: "name some of \(known.joined(separator: ", ")), joined by commas, or none")
    }
  }
}
