// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation

/// Brings finished results from the run folder to their final names.
///
/// All moves are on record before the first one, and each is a rename: where the process ends half-way, the next one goes on with the rest.
/// What had a final name before is moved into the run folder first, and goes with it. The record stays until the run folder goes.
struct Publication: Codable {
  /// One result.
  struct Move: Codable {
    /// Inside the run folder.
    var from: String
    /// Inside the output folder.
    var to: String
    /// What is moved, whatever its name: tells it from what others may put in its old place.
    var identity: Int?
  }

  /// Tells the run whose results these are from others.
  var key: String
  var moves: [Move]
  /// Names in the output folder that go away.
  var removed: [String]

  private static func file(_ folder: RunFolder) -> URL { folder.url.appendingPathComponent("publication.json") }

  /// A publication that was begun in a run folder; `nil` where there is none.
  static func begun(in folder: RunFolder) -> Publication? {
    (try? Data(contentsOf: file(folder))).flatMap { try? RunFolder.decoder.decode(Self.self, from: $0) }
  }

  /// Records the moves.
  func begin(in folder: RunFolder) throws {
    var record = self
    for index in moves.indices { record.moves[index].identity = Self.identity(of: folder.url.appendingPathComponent(moves[index].from)) }
    try RunFolder.encoder.encode(record).write(to: Self.file(folder), options: .atomic)
  }

  /// The number that a file or folder keeps when it is renamed; `nil` where there is none.
  static func identity(of url: URL) -> Int? {
    ((try? FileManager.default.attributesOfItem(atPath: url.path))?[.systemFileNumber] as? NSNumber)?.intValue
  }

  /// Whether all results have their final names.
  func isWhole(in output: URL) -> Bool {
    moves.allSatisfy { FileManager.default.fileExists(atPath: output.appendingPathComponent($0.to).path) }
  }

  /// Makes the moves that are not made yet.
  func finish(in folder: RunFolder, to output: URL) throws {
    let files = FileManager.default
    let old = folder.url.appendingPathComponent("replaced")
    try files.createDirectory(at: old, withIntermediateDirectories: true)
    func setAside(_ name: String) throws {
      let present = output.appendingPathComponent(name)
      guard files.fileExists(atPath: present.path) else { return }
      let aside = old.appendingPathComponent(UUID().uuidString)
      try files.moveItem(at: present, to: aside)
    }
    for move in moves {
      let from = folder.url.appendingPathComponent(move.from)
      let target = output.appendingPathComponent(move.to)
      // Workers that were late may have put something in the place of what was moved.
      guard files.fileExists(atPath: from.path), move.identity == nil || Self.identity(of: target) != move.identity else { continue }
      try setAside(move.to)
      try files.moveItem(at: from, to: target)
    }
    for name in removed { try setAside(name) }
    // All is on the disk under its final name before anything goes.
    for move in moves {
      let path = output.appendingPathComponent(move.to).path
      // Somebody may have taken it away already.
      guard files.fileExists(atPath: path) else { continue }
      guard files.isFolder(atPath: path) == true else {
        try FileAccess.synchroniseFile(path)
        continue
      }
      // Chunks are, since they were written.
      try FileAccess.synchroniseFolders(in: path)
      for name in try files.contentsOfDirectory(atPath: path) where files.isFolder(atPath: path + "/" + name) == false {
        try FileAccess.synchroniseFile(path + "/" + name)
      }
    }
    for folder in Set([output] + moves.map { output.appendingPathComponent($0.to).deletingLastPathComponent() }) {
      try FileAccess.synchroniseFolder(folder.path)
    }
    try files.removeItem(at: old)
  }

  private static func keptFile(_ folder: RunFolder) -> URL { folder.url.appendingPathComponent("published.json") }

  /// The last publication of a run whose folder was kept; `nil` where there is none.
  static func kept(in folder: RunFolder) -> Publication? {
    (try? Data(contentsOf: keptFile(folder))).flatMap { try? RunFolder.decoder.decode(Self.self, from: $0) }
  }

  /// Says that a publication is done, where the run folder stays.
  static func keep(in folder: RunFolder) throws {
    try? FileManager.default.removeItem(at: keptFile(folder))
    try FileManager.default.moveItem(at: file(folder), to: keptFile(folder))
  }

  /// Drops the record of a publication, where the run folder stays.
  static func end(in folder: RunFolder) throws {
    if FileManager.default.fileExists(atPath: file(folder).path) { try FileManager.default.removeItem(at: file(folder)) }
  }
}
