// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// What a round that is registered came to, as its `run.json` tells.
public struct RoundSummary: Sendable {
  /// What the round is called.
  public let name: String
  /// Its folder, laid out as by a registration of its own.
  public let folder: String
  /// The image that was registered.
  public let moving: String
  /// The registered image.
  public let registered: String
  /// How many blocks of full resolution got each verdict.
  public let verdicts: [Verdict: Int]
  /// How the whole map behaves.
  public let map: MapStatistics
  /// Whether a block is flagged, the map folds, or next to nothing of the moving image is shown: what `--strict` reports.
  public let isFlagged: Bool

  /// Blocks that are flagged.
  public var flaggedBlocks: Int { verdicts.filter(\.key.isFlagged).values.reduce(0, +) }

  /// Of `run.json`.
  private struct Told: Decodable {
    struct Level: Decodable { var blocks: [String: Int] }
    var verdicts: [String: Int]
    var map: MapStatistics
    var coarserLevels: [Level]?
  }

  /// - Throws: as the other one.
  init(of name: String, _ format: OutputFormat, in folder: URL) throws {
    try self.init(RoundsRecord(of: [name], format, in: folder).rounds[0], in: folder.path)
  }

  /// - Throws: `PipelineError` where the record of the round is missing or damaged.
  package init(_ round: RoundsRecord.Round, in folder: String) throws {
    let path = folder + "/" + round.record
    guard let data = FileManager.default.contents(atPath: path), let told = try? RunFolder.decoder.decode(Told.self, from: data) else {
      throw PipelineError(
        "\(path) is missing or damaged, and \(folder)/\(RoundsRecord.fileName) names it",
        hint: "copy the folder again from where it is whole, or register the round again")
    }
    (name, moving) = (round.name, round.moving.path)
    self.folder = folder + "/" + round.name
    registered = folder + "/" + round.registered
    verdicts = Dictionary(told.verdicts.compactMap { name, count in Verdict(rawValue: name).map { ($0, count) } }, uniquingKeysWith: +)
    map = told.map
    let hasFailed = (told.coarserLevels ?? []).contains { ($0.blocks[BlockRecord.State.failed.rawValue] ?? 0) > 0 }
    isFlagged = verdicts.contains { $0.key.isFlagged && $0.value > 0 } || hasFailed || told.map.isFlagged
  }
}
