// SPDX-License-Identifier: Apache-2.0

/// What was probably meant by a mistyped word.
public enum Suggestion {
  /// The candidate nearest to `word`, where that is near enough to be meant: at most a third of its letters differ, or it continues `word`.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let ranked = candidates.map { (distance: distance(word.lowercased(), $0.lowercased()), candidate: $0) }
    if let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, best.candidate.count / 3) { return best.candidate }
    let bare = word.drop { $0 == "-" }
    return bare.count >= 2 ? candidates.first { $0.hasPrefix(word) } : nil
  }

  /// How many letters must be inserted, deleted, changed, or swapped with their neighbour to turn one word into the other.
  public static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { table[i][0] = i }
    for j in 0...b.count { table[0][j] = j }
    for i in a.indices {
      for j in b.indices {
        var least = min(table[i][j + 1] + 1, table[i + 1][j] + 1, table[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, table[i - 1][j - 1] + 1) }
        table[i + 1][j + 1] = least
      }
    }
    return table[a.count][b.count]
  }
}
