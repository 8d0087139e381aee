// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Pipelines

/// Which images a network is trained on, and which it is judged by.
public struct DatasetSplit: Hashable, Sendable {
  /// What an image is for.
  public enum Part: String, Hashable, Sendable, CaseIterable {
    case train, validate
  }

  /// A raw image and its labels.
  public struct Pair: Hashable, Sendable {
    public var raw: PatchSource
    /// By class.
    public var labels: [String: PatchSource]

    public init(raw: PatchSource, labels: [String: PatchSource]) { (self.raw, self.labels) = (raw, labels) }
  }

  public var train: [Pair]
  public var validate: [Pair]

  public init(train: [Pair] = [], validate: [Pair] = []) { (self.train, self.validate) = (train, validate) }

  /// The pairs of a part.
  public subscript(part: Part) -> [Pair] {
    get { part == .train ? train : validate }
    set { if part == .train { train = newValue } else { validate = newValue } }
  }

  /// Where all images are.
  public var paths: [String] { (train + validate).flatMap { [$0.raw.path] + $0.labels.values.map(\.path) } }

  /// Labels as they are written in one word: `crop.zarr/labels/[mito,nucleus]` are those of two classes, each in the folder of its name; a path without
  /// brackets is that of the only class.
  static func labels(_ path: String, classes: [String]) throws -> [String: PatchSource] {
    guard let open = path.firstIndex(of: "["), let close = path[open...].firstIndex(of: "]") else {
      guard let name = classes.first, classes.count == 1 else {
        throw PipelineError(
          "\(path) does not say for which of the classes \(classes.joined(separator: ", ")) it is",
          hint: "write \(path)/[\(classes.joined(separator: ","))], each class in a folder of its name")
      }
      return [name: PatchSource(path: path)]
    }
    let names = path[path.index(after: open)..<close].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let (before, after) = (String(path[..<open]), String(path[path.index(after: close)...]))
    // Classes that are not asked for are passed over.
    return Dictionary(names.filter(classes.contains).map { ($0, PatchSource(path: before + $0 + after)) }) { first, _ in first }
  }

  /// A table of `split,raw,gt`, or `split,zarr,raw,zarr,gt` with the paths inside each; `#` begins a comment, a first row of names is passed over.
  /// Paths are taken from the folder of the table.
  ///
  /// - Throws: `PipelineError` naming the file and its line.
  public init(csv path: String, classes: [String]) throws {
    self.init()
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw PipelineError("\(path) cannot be read", hint: "check the path: it is a table of split,raw,gt")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    func whole(_ path: String) -> String { path.hasPrefix("/") || path.contains("://") ? path : folder + "/" + path }
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let content = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
      if content.isEmpty { continue }
      let cells = Self.cells(content)
      if number == 0, cells.first?.lowercased() == "split" { continue }
      func wrong(_ message: String) -> PipelineError {
        PipelineError(
          "\(path), line \(number + 1): \(message)", hint: "a line is split,raw,gt or split,zarr,raw,zarr,gt; split is train or validate")
      }
      guard let part = cells.first.flatMap({ Part(rawValue: $0.lowercased()) }) else { throw wrong("`\(cells.first ?? "")` is no split") }
      let (raw, labels): (String, String)
      switch cells.count {
      case 3: (raw, labels) = (cells[1], cells[2])
      case 5...: (raw, labels) = (cells[1] + "/" + cells[2], cells[3] + "/" + cells[4])
      default: throw wrong("it has \(cells.count) columns, and must have 3 or 5")
      }
      self[part].append(
        Pair(
          raw: PatchSource(path: whole(raw)),
          labels: labels.isEmpty ? [:] : try Self.labels(whole(labels), classes: classes)))
    }
  }

  /// The cells of a line; commas in quotation marks or brackets do not part them.
  private static func cells(_ line: String) -> [String] {
    var (cells, isQuoted, depth) = ([""], false, 0)
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted && depth == 0: cells.append("")
      default:
        if character == "[" { depth += 1 }
        if character == "]" { depth -= 1 }
        cells[cells.count - 1].append(character)
      }
    }
    return cells.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The member `datasets` of a specification, as `{"train": [{"raw": …, "gt": …}], "validate": […]}`.
  init(_ reader: SpecificationReader, classes: [String], folder: String) throws {
    self.init()
    try reader.allowOnly(Part.allCases.map(\.rawValue))
    func whole(_ path: String) -> String { path.hasPrefix("/") || path.contains("://") ? path : folder + "/" + path }
    func source(_ reader: SpecificationReader) throws -> PatchSource {
      if reader.value.text != nil { return PatchSource(path: whole(try reader.text())) }
      try reader.allowOnly(["path", "value", "axes", "spacing"])
      return PatchSource(
        path: whole(try reader.require("path").text()), value: try reader["value"]?.number(), axes: try reader["axes"]?.text(),
        spacing: try reader["spacing"]?.numbers())
    }
    for part in Part.allCases {
      self[part] =
        try reader[part.rawValue]?.list().map { pair in
          try pair.allowOnly(["raw", "gt"])
          var labels: [String: PatchSource] = [:]
          if let gt = pair["gt"] {
            if gt.value.text != nil {
              labels = try Self.labels(whole(try gt.text()), classes: classes)
            } else {
              for (name, value) in try gt.members() where classes.contains(name) { labels[name] = try source(value) }
            }
          }
          let raw = try pair.require("raw")
          if raw["value"] != nil { throw raw.error("a `value` is for labels") }
          return Pair(raw: try source(raw), labels: labels)
        } ?? []
    }
  }
}
