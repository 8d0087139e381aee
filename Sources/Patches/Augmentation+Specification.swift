// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Pipelines

extension Augmentation {
  /// The member `augment` of a specification: `places` is a list; `inputs`, `labels` and `targets` are lists for all, or objects by name with `*` for the
  /// others.
  init(_ reader: SpecificationReader, classes: [String], inputs names: [String]) throws {
    self.init()
    try reader.allowOnly(["places", "inputs", "labels", "targets"])
    places = try reader["places"]?.list().map(SpatialTransform.init) ?? []
    inputs = try Self.byName(reader["inputs"], names, inputs) { try $0.list().map(ValueTransform.init) }
    labels = try Self.byName(reader["labels"], classes, labels) { try $0.list().map(ValueTransform.init) }
    targets = try Self.byName(reader["targets"], classes, targets, TargetTransform.init)
  }

  private static func byName<Value>(
    _ reader: SpecificationReader?, _ names: [String], _ usual: ByName<Value>, _ read: (SpecificationReader) throws -> Value
  ) throws -> ByName<Value> {
    guard let reader else { return usual }
    guard let members = reader.value.members, !members.keys.contains(where: TargetTransform.names.contains) else {
      return ByName(try read(reader))
    }
    try reader.allowOnly(names + ["*"])
    var result = usual
    for (name, value) in try reader.members() {
      if name == "*" { result.others = try read(value) } else { result.named[name] = try read(value) }
    }
    return result
  }
}

extension SpecificationReader {
  /// The only member of an object, or a word for itself: `"standardise"`, `{"noise": 0.1}`.
  fileprivate func choice(among names: [String]) throws -> (name: String, value: SpecificationReader) {
    if let word = value.text {
      guard names.contains(word) else { throw error("`\(word)` is not known", hint: "known are \(names.joined(separator: ", "))") }
      return (word, self)
    }
    try allowOnly(names)
    let members = try members()
    guard members.count == 1 else { throw error("it has \(members.count) members, and must have one: the name of what is done") }
    return members[0]
  }
}

extension SpatialTransform {
  fileprivate init(_ reader: SpecificationReader) throws {
    let (name, value) = try reader.choice(among: ["mirror", "transpose", "rotate", "scale", "elastic"])
    switch name {
    case "mirror":
      let probabilities = try value.value.text == nil ? value.numbers(3) : [0.5, 0.5, 0.5]
      guard probabilities.allSatisfy({ 0...1 ~= $0 }) else { throw value.error("probabilities lie between 0 and 1") }
      self = .mirror(probabilities)
    case "transpose":
      let axes = try value.value.text == "transpose" ? ["z", "y", "x"] : value.texts()
      let places = axes.map { ["z", "y", "x"].firstIndex(of: $0) }
      guard !places.contains(nil), Set(places).count == places.count else { throw value.error("axes are z, y and x, each once") }
      self = .transpose(places.map { $0! })
    case "rotate":
      try value.allowOnly(["z", "y", "x"])
      let ranges = try ["z", "y", "x"].map { try value[$0]?.range() ?? 0...0 }
      guard ranges.allSatisfy({ -3600 <= $0.lowerBound && $0.upperBound <= 3600 }) else {
        throw value.error("angles are degrees, up to 3600")
      }
      self = .rotate(ranges)
    case "scale":
      let range = try value.range()
      guard range.lowerBound >= 0.01, range.upperBound <= 100 else { throw value.error("a scale lies between 0.01 and 100") }
      self = .scale(range)
    default:
      try value.allowOnly(["spacing", "deviation"])
      let (spacing, deviation) = (try value.require("spacing").number(), try value.require("deviation").number())
      guard spacing > 0, deviation >= 0 else { throw value.error("spacing and deviation are above zero") }
      guard deviation <= spacing else { throw value.error("the deviation is at the most the spacing: more would fold the patch over") }
      self = .elastic(spacing: spacing, deviation: deviation)
    }
  }
}

extension ValueTransform {
  fileprivate init(_ reader: SpecificationReader) throws {
    let names = ["normalise", "standardise", "contrast", "gamma", "blur", "noise", "binarise", "replace_unknown"]
    let (name, value) = try reader.choice(among: names)
    switch name {
    case "normalise":
      let range = try value.numbers(2)
      guard range[0] != range[1] else { throw value.error("both values are \(range[0])") }
      self = .normalise(zero: range[0], one: range[1])
    case "standardise": self = .standardise
    case "contrast":
      let range = try value.value.text == nil ? value.range() : 0.5...1.5
      guard range.lowerBound >= -1e6, range.upperBound <= 1e6 else { throw value.error("a factor is a million at the most") }
      self = .contrast(range)
    case "gamma":
      let range = try value.value.text == nil ? value.range() : 0.5...1.5
      guard range.lowerBound >= 0, range.upperBound <= 100 else { throw value.error("a power is 0 to 100") }
      self = .gamma(range)
    case "blur":
      let range = try value.range()
      guard range.lowerBound >= 0, range.upperBound <= 100 else { throw value.error("a standard deviation is 0 to 100 voxels") }
      self = .blur(range)
    case "noise":
      let deviation = try value.number()
      guard deviation >= 0 else { throw value.error("a standard deviation is not below zero") }
      self = .noise(deviation)
    case "binarise": self = .binarise(above: try value.value.text == nil ? value.number() : 0)
    default: self = .replaceUnknown(with: try value.value.text == nil ? value.number() : 0)
    }
  }
}

extension TargetTransform {
  fileprivate static let names = ["labels", "distance", "boundary", "affinities"]

  fileprivate init(_ reader: SpecificationReader) throws {
    let (name, value) = try reader.choice(among: Self.names)
    switch name {
    case "distance":
      let most = try value.number()
      guard most > 0 else { throw value.error("the largest distance is above zero") }
      self = .distance(most: most)
    case "boundary": self = .boundary
    case "affinities":
      let offsets = try value.list().map { try $0.numbers(3) }
      guard !offsets.isEmpty, offsets.joined().allSatisfy({ $0 == $0.rounded() && abs($0) < 1e6 }) else {
        throw value.error("offsets are lists of three whole numbers, below a million")
      }
      self = .affinities(offsets.map { $0.map { Int($0) } })
    default: self = .labels
    }
  }
}
