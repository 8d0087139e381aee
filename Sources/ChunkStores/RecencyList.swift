// SPDX-License-Identifier: Apache-2.0

/// Values by key, in the order in which they were wanted last. Everything is O(1).
struct RecencyList<Key: Hashable, Value> {
  private struct Node {
    var entry: (key: Key, value: Value)?
    var older: Int
    var newer: Int
  }

  /// The first is no value's: the newest is older than it, the oldest newer.
  private var nodes = [Node(entry: nil, older: 0, newer: 0)]
  private var places: [Key: Int] = [:]
  private var unused: [Int] = []

  /// The value of a key, which becomes the newest.
  mutating func value(of key: Key) -> Value? {
    guard let place = places[key] else { return nil }
    unlink(place)
    link(place)
    return nodes[place].entry!.value
  }

  /// Puts in a value, as the newest, and returns the one that it replaces.
  mutating func insert(_ value: Value, for key: Key) -> Value? {
    let before = places[key].flatMap { remove(at: $0) }
    let place = unused.popLast() ?? nodes.count
    let node = Node(entry: (key, value), older: 0, newer: 0)
    if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
    places[key] = place
    link(place)
    return before
  }

  /// Takes out the value that was not wanted for longest.
  mutating func removeOldest() -> Value? { places.isEmpty ? nil : remove(at: nodes[0].newer) }

  private mutating func remove(at place: Int) -> Value? {
    unlink(place)
    unused.append(place)
    guard let entry = nodes[place].entry else { return nil }
    nodes[place].entry = nil
    places[entry.key] = nil
    return entry.value
  }

  private mutating func unlink(_ place: Int) {
    let (older, newer) = (nodes[place].older, nodes[place].newer)
    nodes[older].newer = newer
    nodes[newer].older = older
  }

  private mutating func link(_ place: Int) {
    let newest = nodes[0].older
    (nodes[place].older, nodes[place].newer) = (newest, 0)
    nodes[newest].newer = place
    nodes[0].older = place
  }
}
