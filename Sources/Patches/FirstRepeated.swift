// SPDX-License-Identifier: Apache-2.0

extension [String] {
  /// The first name that is there more than once.
  var firstRepeated: String? {
    var seen: Set<String> = []
    let repeated = Set(filter { !seen.insert($0).inserted })
    return first(where: repeated.contains)
  }
}
