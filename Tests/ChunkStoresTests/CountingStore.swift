// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Synchronization

/// A store in memory that notes what is announced and fetched.
final class CountingStore: KeyValueStore {
  private let values = Mutex<[String: [UInt8]]>([:])
  private let requests = Mutex<[String: [ByteRange?]]>([:])

  private let announcements = Mutex<[ValueRequest]>([])

  /// What was said to be asked for soon, in order.
  var announced: [ValueRequest] { announcements.withLock { $0 } }

  func willGet(_ requests: [ValueRequest]) { announcements.withLock { $0 += requests } }

  /// The parts of each value that were fetched, in order; `nil` for the whole.
  var fetched: [String: [ByteRange?]] { requests.withLock { $0 } }

  /// All keys, in order.
  var keys: [String] { values.withLock { $0.keys.sorted() } }

  /// Forgets what was fetched.
  func reset() {
    requests.withLock { $0 = [:] }
    announcements.withLock { $0 = [] }
  }

  func name(of key: String) -> String { "memory:" + key }

  func get(_ key: String) throws(ChunkStoreError) -> [UInt8]? {
    try StoreKey.validate(key)
    requests.withLock { $0[key, default: []].append(nil) }
    return values.withLock { $0[key] }
  }

  func get(_ key: String, _ range: ByteRange) throws(ChunkStoreError) -> ValuePart? {
    try StoreKey.validate(key)
    requests.withLock { $0[key, default: []].append(range) }
    guard let value = values.withLock({ $0[key] }) else { return nil }
    return ValuePart(bytes: Array(value[range.clamped(to: value.count)]), total: value.count)
  }

  func contains(_ key: String) -> Bool { values.withLock { $0[key] != nil } }

  func names(below prefix: String) -> [String] {
    let start = prefix.isEmpty ? "" : prefix + "/"
    let keys = values.withLock { $0.keys.filter { $0.hasPrefix(start) } }
    return Array(Set(keys.map { $0.dropFirst(start.count).split(separator: "/")[0] })).map(String.init)
  }

  func put(_ key: String, _ value: [UInt8]) throws(ChunkStoreError) { values.withLock { $0[key] = value } }

  func remove(_ key: String) throws(ChunkStoreError) { values.withLock { $0[key] = nil } }
}
