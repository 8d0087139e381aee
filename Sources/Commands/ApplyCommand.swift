// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `apply` is asked.
struct ApplyArguments: TalkingArguments {
  var transforms = ""
  var input = ""
  var result = ""
  var axes: String?
  var spacing: [Double]?
  var options = ApplyOptions()
  var output = OutputArguments()
}

/// `weft apply`
enum ApplyCommand {
  static let command = Command<ApplyArguments>(
    "apply", "bring another image, labels or points along",
    discussion: [
      "Uses the transforms of a finished `weft register`. `--to fixed` brings what lies in moving space into fixed space: images and labels "
        + "onto the fixed voxels, points to fixed positions. `--to moving` is the other way round.",
      "Images are written box by box; an interrupted command goes on where it was when it is given again, or by `weft resume OUTPUT`.",
      "Points are a CSV with columns z,y,x (2D: y,x), physical unless --voxels is given; other columns pass through.",
    ],
    defaults: ApplyArguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--transforms", "-t", at: \.transforms, "DIR", "Output folder of `weft register`", completion: .directory),
          .value("--input", "-i", at: \.input, "IMAGE|LABELS|POINTS.csv", "What is brought along", completion: .file),
          .value("--output", "-o", at: \.result, "PATH", "What is written; its ending sets the format", completion: .file),
          .value("--to", at: \.options.target, "SPACE", "Where it is brought: fixed or moving"),
        ]),
      OptionGroup(
        "How",
        [
          .value(
            "--interpolation", at: \.options.interpolation, "NAME", "How voxels are interpolated: linear, nearest or cubic",
            fallback: "linear; nearest with --labels"),
          .flag("--labels", at: \.options.isLabels, "The image holds labels, which are never blended"),
          .flag("--voxels", at: \.options.voxels, "Points are in voxels of their image, not physical"),
          .value(
            "--format", at: \.options.format, "NAME", "Format of the image written: zarr, tiff, nifti or nrrd",
            fallback: "by the ending of --output"),
          .value(
            "--ome-version", at: \.options.omeVersion, "VERSION", "OME-NGFF version of a zarr result",
            fallback: "that of the input, else 0.5"),
          .axes(\.axes),
          .parsed(
            "--spacing", at: \.spacing, "Z,Y,X", "Distance between voxels of the input, in place of the file's",
            expected: Values.spacingExpected, fallback: "the file's"
          ) { Values.spacing($0).map(Optional.some) },
          .threads(\.options.threads),
          .memory(\.options.memory),
          .retries(\.options.retries),
          .flag("--overwrite", at: \.options.overwrite, "Replace an output that exists"),
        ] + ApplyArguments.talking),
    ], required: ["--transforms", "--input", "--output"],
    examples: [
      CommandExample(
        "bring labels of the moving image onto the fixed one", "weft apply -t out -i moving_labels.ome.zarr -o labels.ome.zarr --labels"),
      CommandExample("send cells found in the fixed image to moving space", "weft apply -t out -i cells.csv -o there.csv --to moving"),
    ])

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    let application = try TransformApplication(transforms: arguments.transforms, options: arguments.options, progress: progress)
    let record: ApplyRecord
    var warning: String?
    if arguments.input.lowercased().hasSuffix(".csv") {
      let result = try application.apply(toPointsIn: arguments.input, output: arguments.result)
      record = ApplyRecord(
        output: arguments.result, points: result.count, outside: result.outside, largestInverseResidual: result.largestInverseResidual)
    } else {
      let image = try StoredImage.open(arguments.input, axes: arguments.axes, spacing: arguments.spacing)
      Interruption.resumable(output: arguments.result)
      let result = try await application.apply(to: image, output: arguments.result)
      record = ApplyRecord(output: arguments.result, largestInverseResidual: result.largestInverseResidual)
      warning = result.warning
    }
    progress.close()
    try tell(record, warning, console, arguments.output)
    return .done
  }

  /// Prints what became of it.
  static func tell(_ record: ApplyRecord, _ warning: String?, _ console: Console, _ output: OutputArguments) throws {
    if let warning { console.warn(warning) }
    if record.largestInverseResidual > 0.1 {
      console.warn(
        "the inverse misses by up to \(Numbers.text(record.largestInverseResidual, digits: 2)) voxels, near the border or where the map folds"
      )
    }
    if output.json { try console.print(json: record) } else { console.print(record.text) }
  }
}

/// What is printed of an application.
struct ApplyRecord: Encodable {
  var output: String
  var points: Int?
  var outside: Int?
  var largestInverseResidual: Double
  /// Of the process, by the time the record is made, in bytes.
  var peakMemory = PeakMemory.bytes()

  var text: String {
    var rows: [(String, String)] = []
    if let points { rows.append(("points", "\(points), of which \(outside ?? 0) leave the image")) }
    rows += [("peak memory", MemoryBudget.describe(peakMemory)), ("result", output)]
    return Numbers.table(rows)
  }
}
