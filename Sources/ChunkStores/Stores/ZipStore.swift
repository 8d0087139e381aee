// SPDX-License-Identifier: Apache-2.0

internal import CArchives
internal import Synchronization

/// A store in a zip archive, or in a folder inside one, which is read and not written.
///
/// Files that are not packed inside it are read in parts.
public struct ZipStore: KeyValueStore {
  private let archive: ZipArchive
  private let folder: String

  /// A store in an archive.
  ///
  /// - Parameters:
  ///   - path: the archive's.
  ///   - folder: the folder inside it that keys begin at; empty for all of it.
  /// - Throws: where it is no zip archive, or cannot be read.
  public init(_ path: String, folder: String = "") throws(ChunkStoreError) {
    archive = try ZipArchive.shared(path)
    self.folder = folder
  }

  public func name(of key: String) -> String { archive.path + "/" + (key.isEmpty && !folder.isEmpty ? folder + "/" : place(key)) }

  private func place(_ key: String) -> String { StoreKey.join(folder, key) }

  public func get(_ key: String) throws(ChunkStoreError) -> [UInt8]? {
    try StoreKey.validate(key)
    return try archive.read(place(key), nil)?.bytes
  }

  public func get(_ key: String, _ range: ByteRange) throws(ChunkStoreError) -> ValuePart? {
    try StoreKey.validate(key)
    return try archive.read(place(key), range)
  }

  public func contains(_ key: String) -> Bool { archive.contains(place(key)) }

  public func names(below prefix: String) -> [String] { archive.names(below: place(prefix)) }

  public func put(_ key: String, _ value: [UInt8]) throws(ChunkStoreError) { throw archive.isReadOnly }

  public func remove(_ key: String) throws(ChunkStoreError) { throw archive.isReadOnly }

  /// Whether a file is a zip archive, by its first bytes.
  static func isArchive(_ path: String) -> Bool {
    guard let start = try? FileAccess.read(path, .bytes(offset: 0, count: 4))?.bytes else { return false }
    return start == [0x50, 0x4B, 3, 4] || start == [0x50, 0x4B, 5, 6]
  }
}

/// An open archive: one thread reads it at a time.
@safe private final class ZipArchive: Sendable {
  let path: String
  private let handle: Mutex<OpaquePointer>
  /// The number of each file. Of several of one name the last counts, which is how writers replace a value.
  private let numbers: [String: Int64]

  /// Archives that are open, so that the list of a large one is read once.
  private static let opened = Mutex<[String: Opened]>([:])

  private struct Opened {
    weak var archive: ZipArchive?
    var change: FileAccess.Change
  }

  static func shared(_ path: String) throws(ChunkStoreError) -> ZipArchive {
    let change = try FileAccess.change(of: path)
    if let known = opened.withLock({ $0[path].flatMap { $0.change == change ? $0.archive : nil } }) { return known }
    let archive = try ZipArchive(path)
    opened.withLock {
      $0 = $0.filter { $0.value.archive != nil }
      $0[path] = Opened(archive: archive, change: change)
    }
    return archive
  }

  private init(_ path: String) throws(ChunkStoreError) {
    guard let opened = unsafe carchives_open(path) else {
      throw ChunkStoreError(
        "\(path) is no zip archive, or its list of files is damaged",
        hint: "the archive was not written to its end, or is cut short; copy it again from its source")
    }
    self.path = path
    var numbers: [String: Int64] = [:]
    for index in 0..<(unsafe carchives_count(opened)) {
      guard let name = unsafe carchives_name(opened, index).map({ unsafe String(cString: $0) }) else { continue }
      if (try? StoreKey.validate(name)) != nil { numbers[name] = index }
    }
    self.numbers = numbers
    unsafe handle = unsafe Mutex(opened)
  }

  deinit { unsafe handle.withLock { unsafe carchives_close($0) } }

  var isReadOnly: ChunkStoreError {
    ChunkStoreError("\(path) is a zip archive, which is read and not written", hint: "choose a folder as output")
  }

  func contains(_ name: String) -> Bool { numbers[name] != nil }

  /// - Complexity: O(files of the archive).
  func names(below folder: String) -> [String] {
    let start = folder.isEmpty ? "" : folder + "/"
    var found: Set<Substring> = []
    for name in numbers.keys where name.hasPrefix(start) {
      if let part = name.dropFirst(start.count).split(separator: "/", maxSplits: 1).first { found.insert(part) }
    }
    return found.map(String.init)
  }

  /// A file or a part of it; `nil` where it is not there.
  func read(_ name: String, _ range: ByteRange?) throws(ChunkStoreError) -> ValuePart? {
    guard let index = numbers[name] else { return nil }
    let part: ValuePart? = unsafe handle.withLock { archive -> ValuePart? in
      let total = Int(unsafe carchives_size(archive, index))
      guard total >= 0, total <= FileAccess.largestFile else { return nil }
      let part = range?.clamped(to: total) ?? 0..<total
      if part.isEmpty { return ValuePart(bytes: [], total: total) }
      var filled = Int64(0)
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: part.count) { target, count in
        if let start = target.baseAddress {
          filled = unsafe carchives_read(archive, index, Int64(part.lowerBound), start, Int64(part.count))
        }
        count = max(0, Int(filled))
      }
      return filled == part.count ? ValuePart(bytes: bytes, total: total) : nil
    }
    guard let part else {
      throw ChunkStoreError(
        "\(path)/\(name) is damaged, encrypted, or packed by a method that is not known",
        hint: "unpack the archive with another program, and name the folder")
    }
    return part
  }
}
