// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Pipelines

/// `run.json` of a registration, as far as a report tells of it.
struct RecordedRun: Sendable {
  struct Input: Sendable {
    var path: String
    /// The path as it is shown: of an address without what is sent with each request, which may be a permission.
    var shownPath: String { StoreLocation.split(path).path }
    /// Whether its format is made for pictures of patients, whose axes have names.
    var isAnatomical: Bool { ["NIfTI", "NRRD", "MetaImage"].contains { format.hasPrefix($0) } }
    var format: String
    /// Voxels along all axes of the file.
    var extent: [Int]
    var voxelType: String
    /// The names of the axes, as `czyx`.
    var axes: String
    /// The channel that was registered; `nil` for luminance or the first one.
    var channel: Int?
  }

  /// The version of Weft.
  let weft: String
  let fixed: Input
  let moving: Input
  /// The part of the fixed image that was registered, a range an axis; `nil` for all of it.
  let region: [[Int]]?
  /// Everything, as it stands.
  let json: JSON

  /// Reads the record in an output folder.
  ///
  /// - Throws: `PipelineError` where it is missing, damaged, or that of something else than a registration.
  init(folder: String) throws {
    let path = folder + "/run.json"
    guard let data = FileManager.default.contents(atPath: path) else { throw Self.missing(path, in: folder) }
    let damaged = "copy the output folder again from where it is whole, or run the registration again"
    let record: JSON
    do { record = try JSON.parse(Array(data), file: path) } catch { throw PipelineError(error.message, hint: damaged) }
    let command = record["command"]?.text
    guard command == "register" else {
      throw PipelineError(
        "\(path) tells of `weft \(command ?? "?")`, and a report is made of a registration",
        hint: "give the output folder of a finished `weft register`")
    }
    func input(_ name: String) throws -> Input {
      guard let value = record[name], let path = value["path"]?.text, let extent = value["extent"]?.elements?.compactMap(\.whole),
        let axes = value["axes"]?.text, extent.count == axes.count
      else { throw PipelineError("\(folder)/run.json does not tell what `\(name)` was", hint: damaged) }
      return Input(
        path: path, format: value["format"]?.text ?? "", extent: extent, voxelType: value["voxelType"]?.text ?? "", axes: axes,
        channel: value["channel"]?.whole)
    }
    fixed = try input("fixed")
    moving = try input("moving")
    weft = record["weft"]?.text ?? "unknown"
    region = record["region"]?.elements?.compactMap { $0.elements?.compactMap(\.whole) }
    json = record
  }

  private static func missing(_ path: String, in folder: String) -> PipelineError {
    let hint = "give the output folder of a finished `weft register`"
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      return PipelineError("\(folder) does not exist", hint: hint)
    }
    guard isFolder.boolValue else { return PipelineError("\(folder) is a file, and a report is made of a folder", hint: hint) }
    if FileManager.default.fileExists(atPath: path) {
      return PipelineError("\(path) cannot be read", hint: "see that you may read it")
    }
    if RunHandle.isBegun(folder) {
      return PipelineError("the registration in \(folder) is not finished", hint: "`weft resume \(folder)` goes on with it")
    }
    if RunHandle.isFinished(folder) { return PipelineError("\(folder) is an image, and a report is made of a registration", hint: hint) }
    return PipelineError("\(folder) holds no run.json, so it is no finished registration", hint: hint)
  }

  /// A number inside the record.
  func number(_ path: String...) -> Double? {
    var value: JSON? = json
    for name in path { value = value?[name] }
    return value?.number
  }

  /// What the coarse stage reached, step by step, as far as it was recorded.
  var coarseMetrics: [(name: String, value: Double)] {
    [("start", "start"), ("affine map", "affine"), ("coarse warp", "warp")].compactMap { label, name in
      number("coarse", "quality", name).map { (label, $0) }
    }
  }

  /// The starts that were tried, the best first.
  var starts: [(name: String, score: Double)] {
    (json["coarse"]?["startScores"]?.members ?? [:]).compactMap { name, value in value.number.map { (name, $0) } }
      .sorted { ($1.score, $0.name) < ($0.score, $1.name) }
  }

  /// What was noted on the way.
  var notes: [String] { json["coarse"]?["notes"]?.elements?.compactMap(\.text) ?? [] }

  /// What was maximised, as people call it.
  var metricName: String {
    switch json["metric"]?.text {
    case "lncc"?: "local normalised cross-correlation"
    case "mi"?: "mutual information"
    case "mse"?: "mean squared error"
    case let name?: name
    case nil: "metric"
    }
  }
}
