// SPDX-License-Identifier: Apache-2.0

/// A value, or a part of one, that is asked for.
public struct ValueRequest: Sendable, Hashable {
  /// Which value.
  public var key: String
  /// Which part; `nil` for the whole.
  public var range: ByteRange?

  /// A request for a value, or a part of it.
  public init(_ key: String, _ range: ByteRange? = nil) {
    self.key = key
    self.range = range
  }
}

/// A value that is to be stored, and that nobody sees yet.
public enum StagedValue: Sendable {
  /// Held in memory.
  case value(String, [UInt8])
  /// In a file of another name, which is being brought to the disk.
  case file(temporary: String, path: String, arrival: FileArrival)
}

/// Values under keys, as a folder holds files: what Zarr is stored in.
///
/// Keys are relative paths with `/` between their parts; no part is empty, `.` or `..`. All calls may be made from many threads at once.
public protocol KeyValueStore: Sendable {
  /// What to call the value of `key` in messages: its path or address.
  func name(of key: String) -> String

  /// The whole value, or `nil` where there is none.
  ///
  /// - Throws: where the key is no valid key, or the value is there and cannot be read.
  func get(_ key: String) throws(ChunkStoreError) -> [UInt8]?

  /// A part of a value, or `nil` where there is none; without an implementation of its own, a store reads the whole value for it.
  ///
  /// - Throws: as `get`.
  func get(_ key: String, _ range: ByteRange) throws(ChunkStoreError) -> ValuePart?

  /// How many values to ask for together; one unless a store answers many as fast as one.
  var fetchesAtOnce: Int { get }

  /// Values or parts of them, `nil` where there is none; without an implementation of its own, a store is asked for one after the other.
  ///
  /// - Throws: as `get`.
  func get(_ requests: [ValueRequest]) throws(ChunkStoreError) -> [ValuePart?]

  /// Told which values, or parts of them, will be asked for soon; without an implementation of its own, a store does nothing about it.
  func willGet(_ requests: [ValueRequest])

  /// Whether there is a value.
  func contains(_ key: String) -> Bool

  /// Whether `names(below:)` tells what is there; else it gives nothing.
  var listsNames: Bool { get }

  /// The next parts of the keys that begin with `prefix/`, in no order.
  func names(below prefix: String) -> [String]

  /// Stores a value whole or not at all, in place of what was there.
  ///
  /// - Throws: where the key is no valid key, or the value cannot be written (no permission, disk full).
  func put(_ key: String, _ value: [UInt8]) throws(ChunkStoreError)

  /// Begins to store a value, which nobody sees before `commit`; so that the disk is at work on many while others are made.
  ///
  /// - Throws: as `put`.
  func stage(_ key: String, _ value: RawSpan) throws(ChunkStoreError) -> StagedValue

  /// Stores staged values, each whole or not at all; those that cannot be stored are gone.
  ///
  /// - Throws: as `put`.
  func commit(_ staged: [StagedValue]) throws(ChunkStoreError)

  /// Forgets staged values.
  func discard(_ staged: [StagedValue])

  /// Removes a value, if there is one.
  func remove(_ key: String) throws(ChunkStoreError)
}

extension KeyValueStore {
  public func get(_ key: String, _ range: ByteRange) throws(ChunkStoreError) -> ValuePart? { try get(key)?.part(range) }

  public func stage(_ key: String, _ value: RawSpan) throws(ChunkStoreError) -> StagedValue {
    .value(key, unsafe value.withUnsafeBytes { unsafe Array($0) })
  }

  public func commit(_ staged: [StagedValue]) throws(ChunkStoreError) {
    for case .value(let key, let value) in staged { try put(key, value) }
  }

  public func discard(_ staged: [StagedValue]) {}

  public func willGet(_ requests: [ValueRequest]) {}

  public var fetchesAtOnce: Int { 1 }

  public var listsNames: Bool { true }

  public func get(_ requests: [ValueRequest]) throws(ChunkStoreError) -> [ValuePart?] {
    var parts: [ValuePart?] = []
    for request in requests {
      if let range = request.range {
        parts.append(try get(request.key, range))
      } else {
        parts.append(try get(request.key).map { ValuePart(bytes: $0, total: $0.count) })
      }
    }
    return parts
  }
}

extension KeyValueStore {
  /// How many chunks of so many decoded bytes to fetch together: those that decode to 16 MB at the most.
  func chunksAtOnce(bytes: Int) -> Int { max(1, min(fetchesAtOnce, chunksAhead(bytes: bytes))) }

  /// How many chunks of so many decoded bytes to announce beforehand.
  func chunksAhead(bytes: Int) -> Int { max(1, (16 << 20) / max(1, bytes)) }
}

/// The rules that every store has for its keys.
package enum StoreKey {
  /// Throws where `key` could name something outside the store.
  package static func validate(_ key: String) throws(ChunkStoreError) {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    let isLegal = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
    guard isLegal else {
      throw ChunkStoreError("`\(key)` is not a valid key of a chunk store", hint: "keys are relative paths without `.` and `..`")
    }
  }

  /// `prefix/key`, or what there is of them.
  package static func join(_ prefix: String, _ key: String) -> String {
    prefix.isEmpty || key.isEmpty ? prefix + key : prefix + "/" + key
  }
}
