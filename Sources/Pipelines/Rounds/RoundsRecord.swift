// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// `rounds.json`: the rounds that are registered to one reference, each in a folder beside it.
///
/// Names and places only, relative to the folder it lies in: what was found is in each round's own `run.json`, which `weft refine` brings up
/// to date.
package struct RoundsRecord: Codable, Sendable {
  /// One round that is registered.
  package struct Round: Codable, Sendable {
    /// What it is called, and the name of its folder.
    package var name: String
    package var moving: RunRecord.Input
    /// The registered image, all its channels and times.
    package var registered: String
    package var transforms: String
    package var record: String
  }

  package static let fileName = "rounds.json"

  var weft = WeftVersion.current
  var command = "register"
  package var fixed: RunRecord.Input
  /// In the order they were given.
  package var rounds: [Round]

  /// Reads the record in a folder; `nil` where there is none that is understood.
  package init?(in folder: String) {
    guard let data = FileManager.default.contents(atPath: folder + "/" + Self.fileName),
      let record = try? RunFolder.decoder.decode(Self.self, from: data)
    else { return nil }
    self = record
  }

  /// The record of rounds that are registered, at least one, made of their own.
  ///
  /// - Throws: `PipelineError` where one of them is missing or damaged.
  init(of names: [String], _ format: OutputFormat, in folder: URL) throws {
    struct Told: Decodable { var fixed, moving: RunRecord.Input }
    let told = try names.map { name in
      let record = folder.appendingPathComponent("\(name)/run.json")
      guard let data = try? Data(contentsOf: record), let told = try? RunFolder.decoder.decode(Told.self, from: data) else {
        throw PipelineError("\(record.path) is missing or damaged", hint: "register the round again")
      }
      return told
    }
    fixed = told[0].fixed
    rounds = zip(names, told).map { name, told in
      Round(
        name: name, moving: told.moving, registered: "\(name)/registered.\(format.fileExtension)", transforms: "\(name)/transforms",
        record: "\(name)/run.json")
    }
  }

  func write(in folder: URL) throws {
    let encoder = RunFolder.encoder
    encoder.outputFormatting.insert(.prettyPrinted)
    try encoder.encode(self).write(to: folder.appendingPathComponent(Self.fileName), options: .atomic)
  }

  /// What to do where a folder of rounds was named and one round is meant; `nil` where it is no such folder.
  static func hint(in folder: String) -> String? {
    RoundsRecord(in: folder).flatMap(\.rounds.first).map { "\(folder) holds rounds: name one of them, as \(folder)/\($0.name)" }
  }
}
