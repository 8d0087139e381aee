// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// An image as a file holds it: axes in the file's order, one or more levels, nothing loaded.
public struct StoredImage: Sendable {
  /// One level of a pyramid.
  public struct Level: Sendable {
    /// The voxels, with all axes of the image.
    public var source: any VoxelSource
    /// Where they lie: spatial axes only, in z, y, x order.
    public var space: PhysicalSpace
    /// The name of the level inside the file, as `0`; empty where a file has one level only.
    public var name: String

    /// A level of an image.
    public init(source: any VoxelSource, space: PhysicalSpace, name: String) {
      self.source = source
      self.space = space
      self.name = name
    }
  }

  /// The path it was opened by.
  public var path: String
  /// What kind of file it is, as `OME-Zarr 0.4` or `NIfTI`.
  public var format: String
  /// All axes, in the order of the file.
  public var axes: [Axis]
  /// Levels, finest first; at least one.
  public var levels: [Level]
  /// Whether the channel axis holds red, green and blue of one picture.
  public var isColour: Bool

  /// The files that it is read from, where these are not what lies at `path` alone.
  public var files: [String]?
  /// Everything that must stay as it is for the image to be the same: its path, and the files of a set.
  public var places: [String] { [path] + (files ?? []) }

  /// The names of axes that were given when it was opened.
  public var givenAxes: String?
  /// The distances between voxels that were given when it was opened, in place of the file's.
  public var givenSpacing: [Double]?

  /// An opened image.
  public init(path: String, format: String, axes: [Axis], levels: [Level], isColour: Bool = false) {
    self.path = path
    self.format = format
    self.axes = axes
    self.levels = levels
    self.isColour = isColour
  }

  /// The format of the stored voxels.
  public var voxelType: VoxelType { levels[0].source.voxelType }

  /// How many channels there are; 1 without a channel axis.
  public var channelCount: Int { length(of: .channel) }

  /// How many time points there are; 1 without a time axis.
  public var timeCount: Int { length(of: .time) }

  /// One channel at one time, level by level, in z, y, x order.
  ///
  /// - Parameter channel: the channel; `nil` means luminance for a colour image, and the first channel for any other.
  /// - Throws: `VolumeError` where the channel or the time lies out of range, or the image has not two or three spatial axes.
  public func volumes(channel: Int? = nil, time: Int = 0) throws(VolumeError) -> VolumePyramid {
    try check(channel ?? 0, "channel", count: channelCount)
    try check(time, "time point", count: timeCount)
    let spatial = axes.indices.filter { axes[$0].kind == .space }
    guard spatial.count == 2 || spatial.count == 3 else {
      throw VolumeError(
        "\(path) has \(spatial.count) spatial axes (\(axes.map(\.name).joined(separator: ","))), and 2 or 3 are needed",
        hint: "name the axes with --axes, as --axes zyx or --axes cyx")
    }
    if let extra = axes.indices.first(where: { axes[$0].kind == .other && levels[0].source.extent[$0] != 1 }) {
      throw VolumeError(
        "\(path) has an axis `\(axes[extra].name)` of length \(levels[0].source.extent[extra]) that is not space, channel or time",
        hint: "name its axes with --axes, as cyx or tczyx")
    }
    let order = spatial.sorted { Self.rank(axes[$0].name) < Self.rank(axes[$1].name) }
    return VolumePyramid(
      levels: levels.map { level in
        LazyVolume(source: view(of: level, order: order, channel: channel, time: time), space: level.space, name: path)
      })
  }

  private func view(of level: Level, order: [Int], channel: Int?, time: Int) -> any VoxelSource {
    let colourAxis = isColour && channel == nil ? axes.firstIndex { $0.kind == .channel } : nil
    let source: any VoxelSource = colourAxis.map { LuminanceSource(base: level.source, axis: $0) } ?? level.source
    // Without the colour axis, the axes behind it move up by one.
    func place(_ axis: Int) -> Int { colourAxis.map { axis > $0 ? axis - 1 : axis } ?? axis }
    var held: [Int: Int] = [:]
    for axis in axes.indices where axis != colourAxis {
      switch axes[axis].kind {
      case .space: break
      case .channel: held[place(axis)] = channel ?? 0
      case .time: held[place(axis)] = time
      case .other: held[place(axis)] = 0
      }
    }
    return AxisMappedSource(base: source, axes: order.map(place), fixed: held)
  }

  private func length(of kind: Axis.Kind) -> Int {
    axes.firstIndex { $0.kind == kind }.map { levels[0].source.extent[$0] } ?? 1
  }

  private func check(_ index: Int, _ what: String, count: Int) throws(VolumeError) {
    guard index >= 0 && index < count else {
      throw VolumeError(
        "\(path) has no \(what) \(index): it has \(count), counted from 0",
        hint: count == 1 ? "there is only \(what) 0" : "choose one from 0 to \(count - 1)")
    }
  }

  private static func rank(_ name: String) -> Int { ["z", "y", "x"].firstIndex(of: name.lowercased()) ?? 3 }
}
