// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Weft

/// A pair as a command line gives it: two volumes, or the side of a phantom.
protocol PairArguments: Sendable {
  var fixed: String? { get set }
  var moving: String? { get set }
  var side: Int { get set }
}

extension PairArguments {
  static func positionals(
    fixed: any WritableKeyPath<Self, String?> & Sendable, moving: any WritableKeyPath<Self, String?> & Sendable
  ) -> [Positional<Self>] {
    [
      .value("FIXED", at: fixed, "A volume, in place of the phantom", isRequired: false),
      .value("MOVING", at: moving, "Its partner", isRequired: false),
    ]
  }

  /// Throws where one volume is given without the other, or the phantom is too small.
  func checkPair(_ verb: String) throws(UsageError) {
    if fixed != nil, moving == nil { throw UsageError("`\(verb)` needs MOVING beside FIXED") }
    try require(side, atLeast: 32, "`--size`")
  }

  /// Where the pair lies: the phantom is made in `folder`.
  func paths(_ folder: String) async throws -> (fixed: String, moving: String) {
    if let fixed, let moving { return (fixed, moving) }
    return try await makePhantom(side: side, in: folder)
  }
}
