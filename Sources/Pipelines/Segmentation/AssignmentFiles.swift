// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Segmentation

/// What becomes of the objects of the tiles, one file for every 64 tiles.
struct AssignmentFiles {
  static let tilesInFile = 64

  let folder: URL

  private func url(_ tile: Int) -> URL { folder.appendingPathComponent("tiles-\(tile / Self.tilesInFile).ids") }

  /// Takes the tiles in their order and writes their files.
  struct Writer {
    let files: AssignmentFiles
    private var contents = SectionedFile.Contents()
    private var last: Int?

    init(_ files: AssignmentFiles) { self.files = files }

    mutating func add(_ assignment: ObjectMerger.Assignment, _ tile: Int) throws {
      if let last, last / AssignmentFiles.tilesInFile != tile / AssignmentFiles.tilesInFile { try finish() }
      try contents.add("ids \(tile)", assignment.ids)
      try contents.add("ranks \(tile)", assignment.ranks)
      last = tile
    }

    /// Writes the last file.
    mutating func finish() throws {
      if let last { try contents.write(to: files.url(last)) }
      contents = SectionedFile.Contents()
      last = nil
    }
  }

  /// What becomes of the objects of a tile that holds some.
  func read(_ tile: Int) throws -> ObjectMerger.Assignment {
    let file = try SectionedFile(url(tile))
    return ObjectMerger.Assignment(
      ids: try file.read("ids \(tile)", as: UInt64.self), ranks: try file.read("ranks \(tile)", as: UInt32.self))
  }

  /// Whether there is a file for a tile.
  func exists(_ tile: Int) -> Bool { FileManager.default.fileExists(atPath: url(tile).path) }
}
