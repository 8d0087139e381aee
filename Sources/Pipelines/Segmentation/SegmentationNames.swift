// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The names of the table and the record of a segmentation, inside the folder that they lie in: beside the labels, or beside the image that
/// these are put into.
struct SegmentationNames {
  let table: String
  let record: String

  /// The name of the labels themselves.
  static func labels(_ target: LabelTarget) -> String { URL(fileURLWithPath: target.path).standardizedFileURL.lastPathComponent }

  /// Where the table and the record lie.
  static func folder(_ target: LabelTarget) -> URL { URL(fileURLWithPath: target.beside).standardizedFileURL.deletingLastPathComponent() }

  /// `objects.csv` and `run.json`; where those are another run's, with the name of the labels before them, and of the image where these are put
  /// into one. Nobody else may choose meanwhile.
  ///
  /// - Throws: `PipelineError` where all these names are others', and those may not be replaced.
  init(_ target: LabelTarget, overwrite: Bool) throws {
    let folder = Self.folder(target)
    func isFree(_ name: String) -> Bool { !FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) }
    let candidates = Self.candidates(target).map { ("\($0)objects.csv", "\($0)run.json") }
    for (table, record) in candidates
    where (isFree(table) && isFree(record)) || Self.isOurs(folder.appendingPathComponent(record), target) {
      (self.table, self.record) = (table, record)
      return
    }
    (table, record) = candidates[candidates.count - 1]
    guard overwrite else {
      throw PipelineError(
        "\(folder.appendingPathComponent(isFree(table) ? record : table).path) exists and is not of \(target.path)",
        hint: "move it away, or give --overwrite to replace it")
    }
  }

  /// What comes before the names, the first choice first.
  private static func candidates(_ target: LabelTarget) -> [String] {
    func stem(_ name: String) -> String {
      [".ome.zarr", ".zarr"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
    }
    let own = stem(labels(target)) + "."
    return ["", own] + (target.group == nil ? [] : [stem(URL(fileURLWithPath: target.beside).lastPathComponent) + "." + own])
  }

  /// Whether a record is that of a segmentation with the same output.
  private static func isOurs(_ record: URL, _ target: LabelTarget) -> Bool {
    struct Known: Decodable {
      var command: String
      var output: String?
    }
    guard let data = try? Data(contentsOf: record), let known = try? JSONDecoder().decode(Known.self, from: data) else { return false }
    return known.command == "segment" && known.output == URL(fileURLWithPath: target.path).standardizedFileURL.path
  }

  /// The path of a result as the user would name it.
  static func shown(_ name: String, _ target: LabelTarget) -> String {
    let last = name.split(separator: "/").last.map(String.init) ?? name
    guard let slash = target.beside.lastIndex(of: "/") else { return last }
    return target.beside[...slash] + last
  }
}
