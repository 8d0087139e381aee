// SPDX-License-Identifier: Apache-2.0

public import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
public import Volumes

/// A raw image and the labels of its classes, from which patches are cut: at any place at which all of them have voxels.
///
/// Each array is read from the level that has enough resolution and resampled to its scale, so that 4 nm of raw image and 8 nm of labels match. A class
/// without labels, and what lies beyond the labels of a class, is not known (NaN), which is not the same as absent.
public struct PatchDataset: Sendable {
  /// How a dataset reads its images.
  public struct Options: Sendable {
    /// How values between voxels of the raw image are found; labels are those of the nearest voxel.
    public var interpolation = PatchInterpolation.linear
    /// Whether patches may reach beyond the images, where nothing is known.
    public var isPadded = false
    /// The unit of shapes and scales; the raw image's where it is `nil`.
    public var unit: LengthUnit?
    /// What is known of one class by another.
    public var relations = ClassRelations()
    /// Where chunks once decoded are kept.
    public var decoded: DecodedChunks?

    public init() {}
  }

  /// The path of the raw image.
  public let path: String
  /// The classes, in the order of the targets' channels.
  public let classes: [String]
  /// What is cut out of the raw image.
  public let inputs: [PatchArray]
  /// What is cut out of the labels.
  public let targets: [PatchArray]
  /// Where patches lie, or their centres where they may reach beyond.
  public let samplingBox: PhysicalBox
  /// The unit of shapes and scales.
  public let unit: LengthUnit?

  let sources: [String: PatchSource]
  let options: Options
  let positions: PatchPositions
  /// One an input and channel.
  let raw: [[PatchImage]]
  /// One a target and class, `nil` where nothing is known of the class.
  let labels: [[PatchImage?]]

  /// - Parameters:
  ///   - raw: the raw image; all its channels are read.
  ///   - labels: the labels of classes; a class that is missing here is known nowhere.
  /// - Throws: an error that names the image: missing, damaged, at an angle to the raw one, too small for the patch, elsewhere than the others.
  public init(
    raw: PatchSource, labels: [String: PatchSource], classes: [String], inputs: [PatchArray], targets: [PatchArray],
    options: Options = Options()
  ) throws {
    guard let first = inputs.first else { throw PipelineError("a dataset needs an input array", hint: "name one, as `raw`") }
    if let twice = (inputs + targets).map(\.name).firstRepeated {
      throw PipelineError("two arrays are called `\(twice)`", hint: "give each input and each target a name of its own")
    }
    if let twice = classes.firstRepeated {
      throw PipelineError("the class `\(twice)` is there twice", hint: "name each class once")
    }
    if let unknown = labels.keys.sorted().first(where: { !classes.contains($0) }) {
      throw PipelineError("there are labels for `\(unknown)`, which is none of the classes \(classes.joined(separator: ", "))")
    }
    let image = try raw.opened(keeping: options.decoded)
    let space = image.levels[0].space.liftedToThreeAxes()
    let unit = options.unit ?? space.unit
    if let wanted = options.unit, space.unit == nil {
      throw PipelineError(
        "\(raw.path) does not say its unit, so that nothing can be told in \(wanted.name)s",
        hint: "leave out the unit: shapes and scales are then those of the image")
    }
    func cut(_ image: StoredImage, _ channel: Int?, _ array: PatchArray, _ how: PatchInterpolation) throws -> PatchImage {
      try PatchImage(
        try image.volumes(channel: channel), array, interpolation: how, unit: unit, direction: space.direction, path: image.path)
    }
    self.raw = try inputs.map { array in
      try (0..<image.channelCount).map { try cut(image, image.channelCount == 1 ? nil : $0, array, options.interpolation) }
    }
    let opened = try Dictionary(uniqueKeysWithValues: labels.map { ($0, try $1.opened(keeping: options.decoded)) })
    self.labels = try targets.map { array in
      try classes.map { name in try opened[name].map { try cut($0, nil, array, .nearest) } }
    }
    // Labels may be a part of the raw image, annotated; a patch needs one of them at least, and the raw image.
    var box = self.raw[0][0].bounds
    for images in self.labels {
      for image in images.compactMap(\.self) {
        let both = box.intersection(image.bounds)
        if both.isEmpty {
          throw PipelineError(
            "\(image.path) covers \(image.bounds) and what was read before it \(box) (z, y, x\(unit.map { ", \($0.name)s" } ?? "")): they share nothing",
            hint: "check their origins and units, with `weft info`")
        }
        box = both
      }
    }
    samplingBox = box
    // Each array lies where its own images are: there may be more of the raw image around what is annotated.
    func shown(_ place: [Double]) -> String { "\(place) (z, y, x\(unit.map { ", \($0.name)s" } ?? ""))" }
    var centers = box
    for (array, images) in zip(inputs + targets, self.raw.map { [$0[0]] } + self.labels.map { $0.compactMap(\.self) })
    where !options.isPadded {
      for image in images {
        let (lower, upper) = (image.bounds.lower, image.bounds.upper)
        guard zip(array.size, zip(upper, lower).map(-)).allSatisfy({ $0 <= $1 * (1 + 1e-6) }) else {
          throw PipelineError(
            "a patch of `\(array.name)` takes \(array.size) and there is room for \(shown(zip(upper, lower).map(-))) in \(image.path)",
            hint: "ask for fewer voxels or a finer scale, or allow patches to reach beyond (`pad`)")
        }
        centers = centers.intersection(image.bounds.shrunk(by: array.size.map { $0 / 2 }))
      }
    }
    positions = PatchPositions(first, corner: self.raw[0][0].corner, centersIn: centers)
    guard positions.countIfFinite != nil else {
      throw PipelineError(
        "a patch may lie at more places in \(raw.path) than can be counted: `\(first.name)` has a scale of \(first.scale)",
        hint: "check the scale and its unit")
    }
    guard positions.count > 0 else {
      throw PipelineError(
        "there is no place for a patch in \(raw.path) with its labels: its centre would lie from \(centers.lower) to \(shown(centers.upper)), with "
          + "its faces on those of the voxels of `\(first.name)`",
        hint: "ask for fewer voxels, or allow patches to reach beyond (`pad`)")
    }
    (path, self.classes, self.inputs, self.targets) = (raw.path, classes, inputs, targets)
    (sources, self.options, self.unit) = (labels, options, unit)
  }

  /// The places that a patch may have.
  public var count: Int { positions.count }

  /// The centre of the patch at a place, z, y, x, along the axes of the raw image.
  public func center(at position: Int) -> [Double] { positions.center(position) }

  /// Voxels of the first input along the sides of a neighbourhood, whose patches meet the same chunks: chunks, as many as half a patch needs.
  var neighbourhood: [Int] {
    (0..<3).map { axis in
      let chunk = max(1, (Double(raw[0][0].chunk[axis]) * raw[0][0].spacing[axis] / inputs[0].scale[axis]).rounded())
      return Int(min((Double(inputs[0].shape[axis]) / 2 / chunk).rounded(.up) * chunk, 1e12))
    }
  }

  /// How many channels an array has: of an input the raw image's, of a target what is made of each class.
  public func channels(of array: PatchArray, _ augmentation: Augmentation) -> Int {
    if let place = inputs.firstIndex(of: array) { return raw[place].count }
    return classes.map { augmentation.targets[$0].channelCount }.reduce(0, +)
  }

  /// What a patch holds: the channels of each array, inputs before targets.
  public typealias Channels = [[VoxelBuffer<Float>]]

  /// Reads a patch. O(voxels) beside what is decoded.
  ///
  /// - Parameters:
  ///   - position: below `count`.
  ///   - seed, draw: what random numbers depend on; the same ones give the same patch, whatever was read before.
  /// - Throws: where storage cannot be read.
  public func patch(at position: Int, _ augmentation: Augmentation = Augmentation(), seed: UInt64 = 0, draw: Int = 0) throws -> Channels {
    let batch = PatchBatch(batchArrays(augmentation, size: 1))
    try read(position, augmentation, seed: seed, draw: draw, into: batch, 0)
    return (inputs + targets).enumerated().map { number, array in
      let numbers = batch.numbers(of: number)
      return stride(from: 0, to: numbers.count, by: array.shape.count).map {
        VoxelBuffer(extent: array.shape, elements: Array(numbers[$0..<$0 + array.shape.count]))
      }
    }
  }

  /// The arrays of a batch of so many patches.
  func batchArrays(_ augmentation: Augmentation, size: Int) -> [PatchBatch.Array] {
    (inputs + targets).map { PatchBatch.Array(name: $0.name, shape: [size, channels(of: $0, augmentation)] + $0.shape.lengths) }
  }

  /// Reads a patch to its place in a batch, where all is done to it.
  func read(_ position: Int, _ augmentation: Augmentation, seed: UInt64, draw: Int, into batch: PatchBatch, _ patch: Int) throws {
    let center = positions.center(position)
    var motion: PatchMotion?
    if !augmentation.places.isEmpty {
      var random = PatchRandom(seed: seed, draw: draw, for: .transform)
      let size = (0..<3).map { axis in (inputs + targets).map { $0.size[axis] }.max()! }
      motion = PatchMotion(augmentation.places, size: size, random: &random)
    }
    var random = PatchRandom(seed: seed, draw: draw, for: .values)
    for (number, (array, images)) in zip(inputs, raw).enumerated() {
      for (channel, image) in images.enumerated() {
        try batch.change(patch, number, channel) { values in
          try image.read(around: center, motion, outside: .nan, into: &values)
          for transform in augmentation.inputs[array.name] { transform.apply(to: &values, array.shape, random: &random) }
        }
      }
    }
    for (number, (array, images)) in zip(inputs.count..., zip(targets, labels)) {
      func read(_ place: Int, into labels: inout MutableSpan<Float>) throws {
        try readLabels(of: images[place], classes[place], around: center, motion, into: &labels)
      }
      func change(_ place: Int, _ labels: inout MutableSpan<Float>) {
        for transform in augmentation.labels[classes[place]] { transform.apply(to: &labels, array.shape, random: &random) }
      }
      if options.relations.isEmpty, classes.allSatisfy({ augmentation.targets[$0] == .labels }) {
        for place in classes.indices {
          try batch.change(patch, number, place) { labels in
            try read(place, into: &labels)
            change(place, &labels)
          }
        }
        continue
      }
      var known = classes.map { _ in VoxelBuffer<Float>(unwritten: array.shape) }
      for place in classes.indices {
        var span = known[place].mutableSpan
        try read(place, into: &span)
      }
      options.relations.fill(&known, classes: classes)
      var channel = 0
      for place in classes.indices {
        var span = known[place].mutableSpan
        change(place, &span)
        for made in augmentation.targets[classes[place]].apply(to: known[place], scale: array.scale) {
          batch.change(patch, number, channel) { $0.copy(from: made.span) }
          channel += 1
        }
      }
    }
  }

  /// Reads the labels of a class: ids, 1 where one value is the class, NaN where nothing is known.
  private func readLabels(
    of image: PatchImage?, _ name: String, around center: [Double], _ motion: PatchMotion?, into labels: inout MutableSpan<Float>
  ) throws {
    guard let image else { return labels.fill(.nan) }
    let value = sources[name]?.value
    // Ids that single precision does not hold are numbered anew within the patch.
    if image.voxelType.isInteger, image.voxelType.size > 2, value.map({ $0 > 0x1p24 }) ?? true {
      var buffer = VoxelBuffer<UInt64>(unwritten: image.array.shape)
      var ids = buffer.mutableSpan
      try image.read(around: center, motion, outside: .max, into: &ids)
      if let value {
        for index in 0..<ids.count { labels[index] = ids[index] == .max ? .nan : Double(ids[index]) == value ? 1 : 0 }
        return
      }
      var most: UInt64 = 0
      for index in 0..<ids.count where ids[index] != .max { most = max(most, ids[index]) }
      var numbers: [UInt64: Float] = [:]
      if most > 1 << 24 {
        numbers = Dictionary(
          uniqueKeysWithValues: Set(buffer.elements).subtracting([0, .max]).sorted().enumerated().map { ($1, Float($0 + 1)) })
      }
      for (index, id) in buffer.elements.enumerated() { labels[index] = id == .max ? .nan : most > 1 << 24 ? numbers[id] ?? 0 : Float(id) }
      return
    }
    try image.read(around: center, motion, outside: .nan, into: &labels)
    guard let value else { return }
    for index in 0..<labels.count where !labels[index].isNaN { labels[index] = Double(labels[index]) == value ? 1 : 0 }
  }
}
