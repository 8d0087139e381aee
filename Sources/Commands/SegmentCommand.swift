// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `segment` is asked.
struct SegmentArguments: TalkingArguments {
  var input = ""
  var labels: String?
  var image: String?
  var name: String?
  var tile: [Int]?
  var preview: String?
  var axes: String?
  var spacing: [Double]?
  var options = SegmentationOptions()
  var output = OutputArguments()
}

/// `weft segment`
enum SegmentCommand {
  static let command = Command<SegmentArguments>(
    "segment", "find the objects of an image and label them",
    discussion: [
      "The image is cut into tiles, each is read with a halo and segmented by itself, and the objects of neighbouring tiles are merged: the "
        + "labels are those that the image would get in one piece, as long as the halo is wider than the method looks. Intensities are "
        + "measured once, on the whole image, so that no tile is brighter than its neighbour.",
      "`watershed` finds roundish objects of about one size and needs their diameter; `threshold` labels what is connected above a threshold, "
        + "exactly. `cellpose` and `stardist` run in a Python of yours that has them; nothing is downloaded. `command` is any program that "
        + "speaks Weft's worker protocol, which takes three lines of Python: see Docs/Reference/plugin-workers.md.",
      "LABELS is an OME-Zarr image without channels; ids are 1, 2, … in an order that depends on the tiles alone. Beside it come objects.csv (a "
        + "row an object: centroid, bounding box, voxels, volume, mean intensities) and run.json; where these names are another run's, the name "
        + "of the labels comes before them.",
      "A run that was interrupted goes on when the same command is given again, or by `weft resume LABELS`.",
    ],
    defaults: SegmentArguments(),
    positionals: [.value("IMAGE", at: \.input, "The image: OME-Zarr, Zarr, TIFF, NIfTI, NRRD, MHA, PNG or JPEG", completion: .file)],
    groups: [
      OptionGroup(
        "Output",
        [
          .value("--output", "-o", at: \.labels, "LABELS", "The labels, as labels.ome.zarr", completion: .file),
          .value(
            "--into", at: \.image, "IMAGE", "Put the labels into an OME-Zarr image instead, among its `labels`", completion: .directory),
          .value("--name", at: \.name, "NAME", "The name of the labels inside the image", fallback: "with --into: segmentation"),
        ] + SegmentArguments.talking),
      OptionGroup(
        "Method",
        [
          .value("--method", at: \.options.method, "NAME", "How objects are found: watershed, threshold, cellpose, stardist or command"),
          .parsed(
            "--diameter", at: \.options.diameter, "D|Z,Y,X",
            "The usual diameter of an object: 12 (voxels along x), 4,12,12 (voxels an axis) or 8um",
            expected: "a diameter above 0, as 12, 4,12,12 or 8um"
          ) { ObjectDiameter($0).map(Optional.some) },
          .parsed(
            "--threshold", at: \.options.threshold, "auto|VALUE", "The intensity that foreground is above", expected: "auto or a number",
            fallback: "auto: found from the whole image"
          ) { $0 == "auto" ? .some(nil) : Double($0).flatMap { $0.isFinite ? .some($0) : nil } },
          .value(
            "--command", at: \.options.program.command, "PROGRAM",
            "With --method command: a program that speaks Weft's worker protocol, as 'python my.py'"),
          .value("--python", at: \.options.program.python, "PATH", "With cellpose or stardist: a Python that has it", completion: .file),
          .value(
            "--model", at: \.options.program.model, "PATH|NAME",
            "With cellpose or stardist: a model's file or folder, or the name of one in its cache",
            fallback: "the method's own, where it is in its cache", completion: .file),
          .repeated("--set", at: \.options.program.settings, "NAME=VALUE", "A setting that is passed to the method; may be given again"),
          .flag("--gpu", at: \.options.program.usesGPU, "The program may use a graphics processor"),
          .timeout(\.options.program.timeout),
          .channels(\.options.channels),
          .parsed(
            "--min-size", at: \.options.minimumSize, "N", "Objects of fewer voxels are dropped, wherever tiles cut them",
            expected: "a whole number from 0", fallback: "the method's own"
          ) { Values.natural($0).map(Optional.some) },
          .finestLevel(\.options.level),
        ]),
      OptionGroup(
        "Tiles",
        [
          .tileShape(\.options.tileShape),
          .tileOverlap(\.options.overlap, fallback: "two diameters; none for threshold"),
          .parsed(
            "--merge", at: \.options.merge, "RULE",
            "How objects of neighbouring tiles become one: hybrid, halo-iou, face or none",
            expected: "one of hybrid, halo-iou, face, none", fallback: "face for threshold, else hybrid"
          ) { MergeRule(rawValue: $0).map(Optional.some) },
        ]),
      OptionGroup(
        "Try first",
        [
          .parsed(
            "--tile", at: \.tile, "Z,Y,X", "Segment this tile alone, counted from 0 along each axis, and write no labels",
            expected: "the place of a tile along each axis, as 3,5"
          ) { Values.channels($0).map(Optional.some) },
          .value("--preview", at: \.preview, "PNG", "With --tile: a picture of the tile and its objects", completion: .file),
        ]),
      OptionGroup(
        "Image",
        [
          .axes(\.axes),
          .spacing(\.spacing),
        ]),
      OptionGroup(
        "Result",
        [
          .parsed(
            "--dtype", at: \.options.voxelType, "TYPE", "Number format of the labels: uint16, uint32 or uint64",
            expected: "uint16, uint32 or uint64", fallback: "the smallest that holds all"
          ) { text in VoxelType(rawValue: text).flatMap { [.uint16, .uint32, .uint64].contains($0) ? .some($0) : nil } },
          .value(
            "--ome-version", at: \.options.omeVersion, "VERSION", "OME-NGFF version of the labels", fallback: "that of the input, else 0.5"),
          .flag("--overwrite", at: \.options.overwrite, "Replace labels that exist"),
        ]),
      OptionGroup(
        "Machine",
        [
          .threads(\.options.threads, "Tiles that are worked on at once; the result does not depend on it"),
          .memory(\.options.memory),
          .retries(\.options.retries),
        ]),
    ], usual: ["--output"],
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
      if (arguments.options.program.command != nil) != (arguments.options.method == .command) {
        throw UsageError(
          "`--command` and `--method command` belong together", hint: "give both, as --method command --command 'python my.py'")
      }
      let program = arguments.options.program
      if [.watershed, .threshold].contains(arguments.options.method), !program.settings.isEmpty || program.model != nil || program.usesGPU {
        throw UsageError(
          "`--set`, `--model` and `--gpu` are for programs, and the method is `\(arguments.options.method.rawValue)`",
          hint: "leave them out, or choose --method cellpose, stardist or command")
      }
      if let preview = arguments.preview, !preview.lowercased().hasSuffix(".png") {
        throw UsageError("`--preview \(preview)` is no PNG file", hint: "end the name in .png")
      }
      if arguments.tile != nil { return }
      switch (arguments.labels, arguments.image) {
      case (nil, nil): throw UsageError("`segment` needs `--output` or `--into`", hint: "name the labels, as --output labels.ome.zarr")
      case (_?, _?): throw UsageError("both `--output` and `--into` are given", hint: "labels go to one place")
      case (_?, nil) where arguments.name != nil: throw UsageError("`--name` goes with `--into`", hint: "leave it out, or name an image")
      default: break
      }
    })

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    let image = try StoredImage.open(arguments.input, axes: arguments.axes, spacing: arguments.spacing)
    if let tile = arguments.tile {
      let found = try ChunkedSegmentation(image, options: arguments.options, progress: progress).segmentTile(at: tile)
      progress.close()
      if let path = arguments.preview { try TilePreview(found).write(to: path) }
      let record = TileRecord(found, preview: arguments.preview)
      if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
      return .done
    }
    let target =
      try arguments.image.map { try LabelTarget(into: $0, name: arguments.name ?? "segmentation") } ?? LabelTarget(arguments.labels ?? "")
    Interruption.resumable(output: target.path)
    let result = try await ChunkedSegmentation(image, options: arguments.options, progress: progress).run(into: target)
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
