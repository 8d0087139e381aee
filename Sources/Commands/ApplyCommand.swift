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
        + "onto the fixed voxels, points to fixed positions. `--to moving` is the other way round. Docs/Guides/apply.md tells more.",
      "Images keep their channels and times. They are written box by box; an interrupted command goes on where it was when it is given again, "
        + "or by `weft resume OUTPUT`.",
      "Points are a CSV with columns z,y,x (2D: y,x), or GeoJSON of the plane (x,y), physical in the fixed image's unit unless --voxels is given; "
        + "all else passes through.",
    ],
    defaults: ApplyArguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--transforms", "-t", at: \.transforms, "DIR", "Output folder of `weft register`", completion: .directory),
          .value(
            "--input", "-i", at: \.input, "IMAGE|LABELS|POINTS", "What is brought along; points end in .csv or .geojson", completion: .file),
          .value("--output", "-o", at: \.result, "PATH", "What is written; its ending sets the format", completion: .file),
          .value("--to", at: \.options.target, "SPACE", "Where it is brought: fixed or moving"),
        ]),
      OptionGroup(
        "Voxels of the result",
        [
          .parsed(
            "--like", at: \.options.like, "IMAGE", "Bring it onto the voxels of this image", expected: "a path",
            fallback: "the voxels of the fixed image; with --to moving of the moving one", completion: .file
          ) { $0.isEmpty ? nil : .some($0) },
          .parsed(
            "--spacing", at: \.options.spacing, "Z,Y,X", "Distance between voxels of the result, in the fixed image's unit",
            expected: Values.spacingExpected, fallback: "that of the image registered there"
          ) { Values.spacing($0).map(Optional.some) },
          .value(
            "--extent", at: \.options.cover, "NAME",
            "What the result covers: fixed, what the image registered there does, or union, that and all of the input"),
          .parsed(
            "--fill", at: \.options.fill, "VALUE", "Value of voxels that come from outside the input",
            expected: "a number, whole ones up to 2^53", fallback: "0"
          ) { Values.exact($0) },
        ]),
      OptionGroup(
        "How",
        [
          .value(
            "--interpolation", at: \.options.interpolation, "NAME", "How voxels are interpolated: linear, nearest, cubic or label-vote",
            detail: "label-vote is for labels: the one with the most weight in linear interpolation, of equal ones the smallest.",
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
            "--input-spacing", at: \.spacing, "Z,Y,X", "Distance between voxels of the input, in place of the file's",
            expected: Values.spacingExpected, fallback: "the file's"
          ) { Values.spacing($0).map(Optional.some) },
          .threads(\.options.threads),
          .memory(\.options.memory),
          .retries(\.options.retries),
          .flag("--overwrite", at: \.options.overwrite, "Replace an output that exists"),
        ] + ApplyArguments.talking),
    ] + ExecutorArguments.groups(at: \.options.executor), required: ["--transforms", "--input", "--output"],
    examples: [
      CommandExample(
        "bring labels of the moving image onto the fixed one", "weft apply -t out -i moving_labels.ome.zarr -o labels.ome.zarr --labels"),
      CommandExample(
        "the same with smooth outlines, on voxels of 4, and all of them",
        "weft apply -t out -i labels.ome.zarr -o coarse.ome.zarr --interpolation label-vote --spacing 4,4,4 --extent union"),
      CommandExample("send cells found in the fixed image to moving space", "weft apply -t out -i cells.csv -o there.csv --to moving"),
    ], check: { (arguments) throws(UsageError) in try ExecutorArguments.check(arguments.options.executor) })

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    let application = try TransformApplication(transforms: arguments.transforms, options: arguments.options, progress: progress)
    let record: ApplyRecord
    var warning: String?
    if TransformApplication.holdsPoints(arguments.input) {
      if let name = arguments.spacing != nil ? "--input-spacing" : arguments.axes != nil ? "--axes" : nil {
        throw PipelineError(
          "\(name) is for images, and \(arguments.input) holds points",
          hint: "leave \(name) out; --voxels says that points are counted in voxels")
      }
      let result = try application.apply(toPointsIn: arguments.input, output: arguments.result)
      record = ApplyRecord(
        output: arguments.result, points: result.count, outside: result.outside, unit: result.unit,
        largestInverseResidual: result.largestInverseResidual)
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
  /// What coordinates of points are counted in.
  var unit: String?
  /// In fixed voxels.
  var largestInverseResidual: Double
  /// Of the process, by the time the record is made, in bytes.
  var peakMemory = PeakMemory.bytes()

  var text: String {
    var rows: [(String, String)] = []
    if let points { rows.append(("points", "\(points), of which \(outside ?? 0) leave the image")) }
    if let unit { rows.append(("coordinates in", unit)) }
    if largestInverseResidual > 0 {
      rows.append(("inverse", "misses by up to \(Numbers.text(largestInverseResidual, digits: 4)) fixed voxels"))
    }
    rows += [("peak memory", MemoryBudget.describe(peakMemory)), ("result", output)]
    return Numbers.table(rows)
  }
}
