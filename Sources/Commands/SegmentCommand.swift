// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft segment`
enum SegmentCommand {
  static let command = Command<SegmentArguments>(
    "segment", "find the objects of an image and label them",
    discussion: [
      "The image is cut into tiles, each is read with a halo and segmented by itself, and the objects of neighbouring tiles are merged, so that "
        + "the labels are those that the image would get in one piece: always with `threshold`, and as far as it was measured with the "
        + "others, where the halo is wider than the method looks (Docs/Guides/segmentation.md). Intensities are measured once, on the whole "
        + "image, so that no tile is brighter than its neighbour.",
      "`watershed` finds roundish objects of about one size and needs their diameter; `threshold` labels what is connected above a threshold, "
        + "exactly. `cellpose` and `stardist` run in a Python of yours that has them; nothing is downloaded. `command` is any program that "
        + "speaks Weft's worker protocol, which takes three lines of Python: see Docs/Reference/plugin-workers.md.",
      "LABELS is an OME-Zarr image without channels; ids are 1, 2, … in an order that depends on the tiles alone. Beside it come objects.csv (a "
        + "row an object: centroid, bounding box, voxels, volume, mean intensities) and run.json; where these names are another run's, the name "
        + "of the labels comes before them.",
      "A run that was interrupted goes on when the same command is given again, or by `weft resume LABELS`.",
    ],
    defaults: SegmentArguments(),
    positionals: SegmentArguments.positionals,
    groups: [
      SegmentArguments.place, SegmentArguments.method, SegmentArguments.tiles,
      OptionGroup(
        "Try first",
        [
          .parsed(
            "--tile", at: \.tile, "Z,Y,X", "Segment this tile alone, counted from 0 along each axis, and write no labels",
            expected: "the place of a tile along each axis, as 3,5"
          ) { Values.channels($0).map(Optional.some) },
          .parsed(
            "--time", at: \.time, "N", "With --tile: the time point, counted from 0", expected: "a whole number from 0", fallback: "0"
          ) { Values.natural($0).map(Optional.some) },
          .value("--preview", at: \.preview, "PNG", "With --tile: a picture of the tile and its objects", completion: .file),
        ]),
      SegmentArguments.file, SegmentArguments.result, SegmentArguments.machine,
    ] + ExecutorArguments.groups(at: \.options.executor), usual: ["--output"],
    examples: [
      CommandExample("label nuclei of about 8 µm", "weft segment out/registered.ome.zarr --output labels.ome.zarr --diameter 8um"),
      CommandExample(
        "label what is connected above 500", "weft segment image.ome.zarr --output labels.ome.zarr --method threshold --threshold 500"),
      CommandExample("put the labels into the image", "weft segment image.ome.zarr --into image.ome.zarr --name nuclei --diameter 12"),
    ],
    check: { (arguments) throws(UsageError) in
      if arguments.preview != nil && arguments.tile == nil {
        throw UsageError("`--preview` goes with `--tile`", hint: "name a tile, as --tile 0,0")
      }
      if arguments.time != nil && arguments.tile == nil {
        throw UsageError("`--time` goes with `--tile`", hint: "a run segments all time points; name a tile to try one")
      }
      try arguments.check()
      if let preview = arguments.preview, !preview.lowercased().hasSuffix(".png") {
        throw UsageError("`--preview \(preview)` is no PNG file", hint: "end the name in .png")
      }
      try arguments.checkPlace(isNeeded: arguments.tile == nil, verb: "segment")
      try ExecutorArguments.check(arguments.options.executor)
    })

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    let segmentation = try arguments.segmentation(progress: progress)
    if arguments.tile != nil, let place = arguments.labels ?? arguments.image {
      progress.report(.warning("--tile writes no labels: \(place) stays as it is"))
    }
    guard arguments.tile == nil, let target = try arguments.target() else {
      let found = try segmentation.segmentTile(at: arguments.tile ?? [], time: arguments.time ?? 0)
      progress.close()
      if let path = arguments.preview { try TilePreview(found).write(to: path) }
      let record = TileRecord(found, preview: arguments.preview)
      if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
      return .done
    }
    Interruption.resumable(output: target.path)
    let result = try await segmentation.run(into: target)
    progress.close()
    try tell(result, console, arguments.output)
    return .done
  }

  /// Prints what became of it.
  static func tell(_ result: ChunkedSegmentation.Result, _ console: Console, _ output: OutputArguments) throws {
    let record = SegmentRecord(result)
    if output.json { try console.print(json: record) } else { console.print(record.text) }
  }
}

/// What is printed of a segmentation.
private struct SegmentRecord: Encodable {
  let labels: String
  let table: String
  let objects: UInt64
  let dtype: String
  /// Of the process, by the time the record is made, in bytes.
  let peakMemory = PeakMemory.bytes()

  init(_ result: ChunkedSegmentation.Result) {
    (labels, table, objects, dtype) = (result.labels, result.table, result.objects, result.voxelType.rawValue)
  }

  var text: String {
    Numbers.table([
      ("objects", "\(objects) (\(dtype))"), ("peak memory", MemoryBudget.describe(peakMemory)), ("table", table), ("result", labels),
    ])
  }
}

/// What is printed of one tile.
private struct TileRecord: Encodable {
  let box: [[Int]]
  let core: [[Int]]
  let objects: Int
  let seconds: Double
  let preview: String?
  let peakMemory = PeakMemory.bytes()

  init(_ tile: ChunkedSegmentation.TileResult, preview: String?) {
    box = [tile.box.lower, tile.box.upper]
    core = [tile.core.lower, tile.core.upper]
    objects = tile.boxes.count
    seconds = tile.seconds
    self.preview = preview
  }

  var text: String {
    func range(_ box: [[Int]]) -> String { zip(box[0], box[1]).map { "\($0):\($1)" }.joined(separator: ",") }
    var rows = [
      ("objects", "\(objects), halo included"), ("core", range(core)), ("with halo", range(box)),
      ("seconds", Numbers.text(seconds, digits: 2)), ("peak memory", MemoryBudget.describe(peakMemory)),
    ]
    if let preview { rows.append(("preview", preview)) }
    return Numbers.table(rows)
  }
}
