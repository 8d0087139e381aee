// SPDX-License-Identifier: Apache-2.0

/// Sets of the numbers 0 ..< count that are joined two by two; a set goes by its least number, whatever the order of the joins.
///
/// Galler and Fischer, "An improved equivalence algorithm", CACM 1964, with paths halved.
struct DisjointSets {
  private var parents: [UInt32]

  init(count: Int) { parents = (0..<UInt32(count)).map { $0 } }

  /// The least number of the set that holds `element`.
  mutating func representative(of element: Int) -> Int {
    var at = UInt32(element)
    while parents[Int(at)] != at {
      parents[Int(at)] = parents[Int(parents[Int(at)])]
      at = parents[Int(at)]
    }
    return Int(at)
  }

  /// Joins the sets of two elements.
  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (representative(of: a), representative(of: b))
    if a != b { parents[max(a, b)] = UInt32(min(a, b)) }
  }
}
