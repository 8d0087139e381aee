// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A store in a folder: each value is a file.
///
/// A value is written under a temporary name (`.tmp-…`) in its own folder, brought to the disk, and renamed, so that it appears whole or
/// not at all. Where many are staged, the disk writes the first while the next are made.
public struct LocalStore: KeyValueStore, Equatable {
  /// The folder.
  public let directory: String
  private let readAhead = ReadAhead()

  /// A store in `directory`, which is created with the first value.
  public init(directory: String) {
    var path = directory
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    self.directory = path
  }

  public func name(of key: String) -> String { directory + "/" + key }

  public func get(_ key: String) throws(ChunkStoreError) -> [UInt8]? {
    try StoreKey.validate(key)
    return try readAhead.timing({ () throws(ChunkStoreError) in try FileAccess.read(name(of: key)) }) { $0?.count ?? 0 }
  }

  public func get(_ key: String, _ range: ByteRange) throws(ChunkStoreError) -> ValuePart? {
    try StoreKey.validate(key)
    return try readAhead.timing({ () throws(ChunkStoreError) in try FileAccess.read(name(of: key), range) }) { $0?.bytes.count ?? 0 }
  }

  public func willGet(_ requests: [ValueRequest]) {
    for request in requests { readAhead.begin(name(of: request.key), request.range) }
  }

  public func contains(_ key: String) -> Bool { FileAccess.exists(name(of: key)) }

  public func names(below prefix: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: name(of: prefix))) ?? []
  }

  public func put(_ key: String, _ value: [UInt8]) throws(ChunkStoreError) { try commit([try stage(key, value.rawBytes)]) }

  public func stage(_ key: String, _ value: RawSpan) throws(ChunkStoreError) -> StagedValue {
    try StoreKey.validate(key)
    let path = name(of: key)
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    let file = path.dropFirst(folder.count + 1)
    let temporary = "\(folder)/.tmp-\(file)-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    if try !FileAccess.write(value, to: temporary) {
      // The folder is not there yet.
      try FileAccess.createFolder(folder)
      guard try FileAccess.write(value, to: temporary) else {
        throw ChunkStoreError(
          "the folder \(folder) vanished while writing to it", hint: "do not remove an output while it is written; run again")
      }
    }
    return .file(temporary: temporary, path: path, arrival: FileArrival(of: temporary))
  }

  public func commit(_ staged: [StagedValue]) throws(ChunkStoreError) {
    for (index, value) in staged.enumerated() {
      guard case .file(let temporary, let path, let arrival) = value else { continue }
      do {
        try arrival.wait()
        try FileAccess.rename(temporary, to: path)
      } catch {
        discard(Array(staged[index...]))
        throw error
      }
    }
  }

  public func discard(_ staged: [StagedValue]) {
    for case .file(let temporary, _, _) in staged { try? FileAccess.removeFile(temporary) }
  }

  public func remove(_ key: String) throws(ChunkStoreError) {
    try StoreKey.validate(key)
    try FileAccess.removeFile(name(of: key))
  }
}
