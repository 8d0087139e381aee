// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
public import Volumes

/// All that a loader needs, as a JSON file says it: which images, which arrays, how patches are drawn and changed.
public struct PatchSpecification: Sendable {
  public var classes: [String] = []
  public var inputs: [PatchArray] = []
  public var targets: [PatchArray] = []
  public var datasets = DatasetSplit()
  /// Which of the datasets are drawn from.
  public var part = DatasetSplit.Part.train
  /// Parts whose patches may reach beyond the images.
  public var padded: Set<DatasetSplit.Part> = []
  public var unit: LengthUnit?
  public var relations = ClassRelations()
  public var interpolation = PatchInterpolation.linear
  public var sampling = PatchSampling.uniform
  public var augmentation = Augmentation()
  public var loader = PatchLoader.Options()
  /// The most memory that batches, chunks and what is at work may take together, in bytes.
  public var memory = 2 << 30
  /// Whether datasets without any labels are kept, for trying things out.
  public var forceHasData = false
  /// The file in which counts of classes are kept; they are counted anew each time where it is `nil`.
  public var countsFile: String?

  public init() {}

  private static let members = [
    "classes", "input_arrays", "target_arrays", "datasets", "csv", "split", "pad", "unit", "relations", "interpolation", "sampling",
    "class_weights", "augment", "batch", "batches", "threads", "ahead", "seed", "memory_gb", "force_has_data", "share",
    "neighbours",
  ]

  /// Reads a specification. Paths in it are taken from its folder.
  ///
  /// - Throws: `PipelineError` naming the file and the place in it.
  public init(file: String) throws {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw PipelineError("\(file) cannot be read", hint: "check the path: it is the JSON file that says which patches are wanted")
    }
    try self.init(data, name: file, folder: URL(fileURLWithPath: file).deletingLastPathComponent().path)
    countsFile = file + ".counts"
  }

  /// Reads a specification from text.
  ///
  /// - Parameter folder: what paths are taken from; where the process is, if it is `nil`.
  public init(json: String, folder: String? = nil) throws {
    try self.init(Data(json.utf8), name: "the specification", folder: folder ?? FileManager.default.currentDirectoryPath)
  }

  private init(_ data: Data, name: String, folder: String) throws {
    let reader = SpecificationReader(value: try JSON.parse([UInt8](data), file: name), file: name, place: "")
    try reader.allowOnly(Self.members)
    classes = try reader["classes"]?.texts() ?? []
    inputs = try Self.arrays(try reader.require("input_arrays"))
    targets = try reader["target_arrays"].map(Self.arrays) ?? []
    if let twice = classes.firstRepeated { throw reader.error("the class `\(twice)` is there twice", hint: "name each class once") }
    if let twice = (inputs + targets).map(\.name).firstRepeated {
      throw reader.error("two arrays are called `\(twice)`", hint: "give each input and each target a name of its own")
    }
    if !targets.isEmpty, classes.isEmpty { throw reader.error("there are target arrays and no `classes`") }
    guard (reader["datasets"] == nil) != (reader["csv"] == nil) else { throw reader.error("give either `datasets` or `csv`") }
    if let listed = reader["datasets"] { datasets = try DatasetSplit(listed, classes: classes, folder: folder) }
    if let table = reader["csv"] {
      let path = try table.text()
      datasets = try DatasetSplit(csv: path.hasPrefix("/") ? path : folder + "/" + path, classes: classes)
    }
    part = try reader["split"]?.word(DatasetSplit.Part.self) ?? .train
    if let pad = reader["pad"] {
      if case .boolean(let flag) = pad.value {
        padded = flag ? [.train, .validate] : []
      } else {
        padded = [try pad.word(DatasetSplit.Part.self)]
      }
    }
    if let unit = reader["unit"] {
      self.unit = LengthUnit(try unit.text())
      if self.unit == nil { throw unit.error("it is \(unit.value.shown), which is no unit of length") }
    }
    if let relations = reader["relations"] {
      try relations.allowOnly(["exclusive", "parts"])
      self.relations.exclusive = try relations["exclusive"]?.list().map { try $0.texts() } ?? []
      for (whole, parts) in try relations["parts"]?.members() ?? [] { self.relations.parts[whole] = try parts.texts() }
      for name in self.relations.exclusive.joined() + self.relations.parts.flatMap({ [$0] + $1 }) where !classes.contains(name) {
        throw relations.error("`\(name)` is none of the classes")
      }
    }
    interpolation = try reader["interpolation"]?.word(PatchInterpolation.self) ?? .linear
    switch try reader["sampling"]?.text() ?? "uniform" {
    case "uniform": sampling = .uniform
    case "balanced": sampling = .balanced
    case "weighted":
      sampling = .weighted(try Self.weights(reader["class_weights"], classes))
    case "tiles": sampling = .tiles
    case let other: throw reader.error("`sampling` is `\(other)`, and must be one of uniform, weighted, balanced, tiles")
    }
    if case .weighted = sampling {
    } else if let weights = reader["class_weights"] {
      throw weights.error("weights are for `sampling` that is weighted", hint: "leave one of them out")
    }
    if sampling.drawsClasses, targets.isEmpty { throw reader.error("classes can be drawn only where there are `target_arrays`") }
    augmentation = try reader["augment"].map { try Augmentation($0, classes: classes, inputs: inputs.map(\.name)) } ?? Augmentation()
    for case .elastic(let spacing, _) in augmentation.places {
      let largest = (inputs + targets).flatMap(\.size).max()!
      guard 64 * spacing >= largest else {
        throw reader.error(
          "the control points of `elastic` lie \(spacing) apart, and a patch is \(largest) long", hint: "let them lie farther apart")
      }
    }
    loader.batchSize = try reader["batch"]?.whole(atLeast: 1) ?? 1
    loader.batches = try reader["batches"]?.whole(atLeast: 1)
    loader.threads = try reader["threads"]?.whole(atLeast: 1, atMost: 1024) ?? ProcessInfo.processInfo.activeProcessorCount
    loader.ahead = try reader["ahead"]?.whole(atLeast: 2, atMost: 100_000) ?? 4
    loader.neighbours = try reader["neighbours"]?.whole(atLeast: 1) ?? 1
    if loader.neighbours > 1, sampling != .uniform {
      throw reader.error("`neighbours` are drawn where `sampling` is uniform", hint: "leave one of them out")
    }
    loader.seed = UInt64(try reader["seed"]?.whole(atLeast: 0, atMost: .max) ?? 0)
    if let share = reader["share"] {
      let numbers = try share.list().map { try $0.whole(atLeast: 0) }
      guard numbers.count == 2, numbers[0] < numbers[1] else { throw share.error("it must be [number, count], the number below the count") }
      loader.share = (numbers[0], numbers[1])
    }
    let gigabytes = try reader["memory_gb"]?.number() ?? 2
    guard gigabytes > 0, gigabytes < 1e6 else { throw reader.error("`memory_gb` is \(gigabytes), and must be above zero") }
    memory = Int(gigabytes * 1e9)
    forceHasData = try reader["force_has_data"]?.flag() ?? false
  }

  private static func weights(_ reader: SpecificationReader?, _ classes: [String]) throws -> [String: Double] {
    try reader?.allowOnly(classes)
    return try reader?.members().reduce(into: [:]) { weights, member in
      weights[member.name] = try member.value.number()
      guard (0...1e100).contains(weights[member.name]!) else { throw member.value.error("a weight lies between 0 and 1e100") }
    } ?? [:]
  }

  private static func arrays(_ reader: SpecificationReader) throws -> [PatchArray] {
    let arrays = try reader.members().map { name, value in
      guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else { throw value.error("this cannot be the name of an array") }
      try value.allowOnly(["shape", "scale"])
      let shape = try value.require("shape").list().map { try $0.whole(atLeast: 1) }
      let scale = try value.require("scale").numbers()
      guard (2...3).contains(shape.count), shape.count == scale.count, scale.allSatisfy({ $0 > 0 }) else {
        throw value.error("`shape` and `scale` need three numbers each (z, y, x), or two for flat images, above zero")
      }
      guard let count = shape.product, count <= 1 << 30 else { throw value.error("a patch of \(Extent(shape)) voxels is too large") }
      // A flat image is one plane, as far apart as its voxels.
      return PatchArray(
        name: name, shape: Extent(shape.count == 2 ? [1] + shape : shape),
        scale: scale.count == 2 ? [(scale[0] + scale[1]) / 2] + scale : scale)
    }
    if arrays.isEmpty { throw reader.error("there is no array") }
    return arrays
  }
}
