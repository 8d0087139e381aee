// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `info` is asked.
struct InfoArguments: TalkingArguments {
  var path = ""
  var axes: String?
  var spacing: [Double]?
  var output = OutputArguments()
}

/// `weft info`
enum InfoCommand {
  static let command = Command<InfoArguments>(
    "info", "tell what an image is: axes, voxels, spacing, levels", discussion: [RegistrationArguments.inputs], defaults: InfoArguments(),
    positionals: [.value("PATH", at: \.path, "The image")],
    groups: [
      OptionGroup(
        "Options",
        [
          .axes(\.axes),
          .spacing(\.spacing),
        ] + InfoArguments.talking)
    ], examples: [CommandExample("look at an image", "weft info fixed.ome.zarr")])

  static let verb = Verb(command) { arguments, console in
    let record = ImageRecord(try StoredImage.open(arguments.path, axes: arguments.axes, spacing: arguments.spacing))
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }
}

/// What is printed of an image.
struct ImageRecord: Encodable {
  struct Level: Encodable {
    let name: String
    let extent: [Int]
    let chunk: [Int]
    let spacing: [Double]
    let origin: [Double]
    let bytes: Int
    let storage: String?
  }

  let path: String
  let format: String
  let axes: [String]
  let voxelType: String
  let unit: String?
  let direction: [[Double]]
  let channels: Int
  let isColour: Bool
  let times: Int
  /// How many files a set has; `nil` for what is named by its path alone.
  let files: Int?
  /// Length along each spatial axis, borders included, in the unit where one is given.
  let size: [Double]
  let levels: [Level]

  init(_ image: StoredImage) {
    path = image.path
    format = image.format
    axes = image.axes.map(\.name)
    voxelType = image.voxelType.rawValue
    unit = image.levels[0].space.unit?.name
    direction = image.levels[0].space.direction
    channels = image.channelCount
    isColour = image.isColour
    times = image.timeCount
    files = image.files?.count
    let space = image.levels[0].space
    size = zip((try? image.volumes().finest.extent.lengths) ?? [], space.spacing).map { Double($0) * $1 }
    levels = image.levels.map { level in
      Level(
        name: level.name, extent: level.source.extent.lengths, chunk: level.source.chunk.lengths, spacing: level.space.spacing,
        origin: level.space.origin, bytes: level.source.extent.count * level.source.voxelType.size, storage: level.source.storage)
    }
  }

  var text: String {
    var rows = [("path", path), ("format", files.map { "\(format), \($0) files" } ?? format)]
    rows += [("axes", axes.joined(separator: " ")), ("voxels", voxelType)]
    if let storage = levels[0].storage { rows.append(("stored", storage)) }
    rows.append(("channels", isColour ? "\(channels) (colour)" : "\(channels)"))
    if times > 1 { rows.append(("times", "\(times)")) }
    rows.append(("unit", unit ?? "not given"))
    if unit != nil, !size.isEmpty { rows.append(("size", size.map(short).joined(separator: " × "))) }
    if direction != PhysicalSpace.identity(rank: direction.count) {
      rows.append(("direction", direction.map { $0.map { short($0) }.joined(separator: " ") }.joined(separator: "; ")))
    }
    let heading = ["level", "voxels", "spacing", "origin", "chunk", "size"]
    let table = levels.map { level in
      [
        level.name.isEmpty ? "0" : level.name, Numbers.lengths(level.extent), level.spacing.map(short).joined(separator: " "),
        level.origin.map(short).joined(separator: " "), Numbers.lengths(level.chunk), MemoryBudget.describe(level.bytes),
      ]
    }
    return Numbers.table(rows) + "\n\n" + Numbers.columns([heading] + table)
  }

  private func short(_ value: Double) -> String {
    let rounded = (value * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
  }
}
