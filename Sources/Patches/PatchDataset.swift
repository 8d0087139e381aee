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
  private let raw: [[PatchImage]]
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
    let names = (inputs + targets).map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw PipelineError("two arrays are called `\(twice)`", hint: "give each input and each target a name of its own")
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
    positions = PatchPositions(first, corner: self.raw[0][0].corner, in: box, isPadded: options.isPadded)
    for array in inputs + targets where !options.isPadded {
      let room = zip(box.upper, box.lower).map(-)
      guard zip(array.size, room).allSatisfy({ $0 <= $1 * (1 + 1e-6) }) else {
        throw PipelineError(
          "a patch of `\(array.name)` takes \(array.size) and there is room for \(room) in \(raw.path) (z, y, x\(unit.map { ", \($0.name)s" } ?? ""))",
          hint: "ask for fewer voxels or a finer scale, or allow patches to reach beyond (`pad`)")
      }
    }
    guard positions.countIfFinite != nil else {
      throw PipelineError(
        "a patch may lie at more places in \(raw.path) than can be counted: `\(first.name)` has a scale of \(first.scale)",
        hint: "check the scale and its unit")
    }
    (path, self.classes, self.inputs, self.targets) = (raw.path, classes, inputs, targets)
    (sources, self.options, self.unit) = (labels, options, unit)
  }

  /// The places that a patch may have.
  public var count: Int { positions.count }

  /// The centre of the patch at a place, z, y, x, along the axes of the raw image.
  public func center(at position: Int) -> [Double] { positions.center(position) }

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
    let center = positions.center(position)
    var motion: PatchMotion?
    if !augmentation.places.isEmpty {
      var random = PatchRandom(seed: seed, draw: draw, for: .transform)
      let size = (0..<3).map { axis in (inputs + targets).map { $0.size[axis] }.max()! }
      motion = PatchMotion(augmentation.places, size: size, random: &random)
    }
    var random = PatchRandom(seed: seed, draw: draw, for: .values)
    var result = Channels()
    for (array, images) in zip(inputs, raw) {
      result.append(
        try images.map { image in
          var values: VoxelBuffer<Float> = try image.voxels(around: center, motion, outside: .nan)
          for transform in augmentation.inputs[array.name] { transform.apply(to: &values, random: &random) }
          return values
        })
    }
    for (array, images) in zip(targets, labels) {
      var known = try zip(classes, images).map { name, image in try labelVoxels(of: image, name, array, around: center, motion) }
      options.relations.fill(&known, classes: classes)
      for (place, name) in classes.enumerated() {
        for transform in augmentation.labels[name] { transform.apply(to: &known[place], random: &random) }
      }
      result.append(zip(classes, known).flatMap { augmentation.targets[$0].apply(to: $1, scale: array.scale) })
    }
    return result
  }

  /// The labels of a class: ids, 1 where one value is the class, NaN where nothing is known.
  private func labelVoxels(
    of image: PatchImage?, _ name: String, _ array: PatchArray, around center: [Double], _ motion: PatchMotion?
  ) throws -> VoxelBuffer<Float> {
    guard let image else { return VoxelBuffer(extent: array.shape, repeating: .nan) }
    let value = sources[name]?.value
    // Ids that single precision does not hold are numbered anew within the patch.
    if value == nil, image.voxelType.isInteger, image.voxelType.size > 2 {
      let ids: VoxelBuffer<UInt64> = try image.voxels(around: center, motion, outside: .max)
      if let most = ids.elements.lazy.filter({ $0 != .max }).max(), most > 1 << 24 {
        let numbers = Dictionary(
          uniqueKeysWithValues: Set(ids.elements).subtracting([0, .max]).sorted().enumerated().map { ($1, Float($0 + 1)) })
        return ids.mapVoxels { $0 == .max ? .nan : numbers[$0] ?? 0 }
      }
      return ids.mapVoxels { $0 == .max ? .nan : Float($0) }
    }
    let labels: VoxelBuffer<Float> = try image.voxels(around: center, motion, outside: .nan)
    guard let value else { return labels }
    return labels.mapVoxels { $0.isNaN ? .nan : Double($0) == value ? 1 : 0 }
  }
}
