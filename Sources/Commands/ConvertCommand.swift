// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `convert` is asked.
struct ConvertArguments: TalkingArguments {
  var input = ""
  var result = ""
  var axes: String?
  var spacing: [Double]?
  var options = ConversionOptions()
  var output = OutputArguments()
}

/// `weft convert`
enum ConvertCommand {
  static let command = Command<ConvertArguments>(
    "convert", "write an image anew: another format, other chunks, a pyramid",
    discussion: [
      "Any image that Weft reads becomes OME-Zarr 0.4 or 0.5 with a pyramid, or TIFF, NIfTI or NRRD where it fits one. The image is read "
        + "and written box by box; spacing, unit, origin, direction, channels and times come along.",
      "A run that was interrupted goes on when the same command is given again, or by `weft resume OUT`.",
      RegistrationArguments.inputs,
    ],
    defaults: ConvertArguments(),
    positionals: [
      .value("IN", at: \.input, "The image", completion: .file),
      .value(
        "OUT", at: \.result, "What is written; its ending sets the format, as image.ome.zarr, .tif, .nii.gz or .nrrd", completion: .file),
    ],
    groups: [
      OptionGroup(
        "What",
        [
          .axes(\.axes),
          .spacing(\.spacing),
          .parsed(
            "--channels", at: \.options.channels, "C,…", "The channels that are kept, counted from 0",
            expected: "channels counted from 0, as 0 or 0,1", fallback: "all"
          ) { Values.channels($0).map(Optional.some) },
          .parsed(
            "--region", at: \.options.region, "Z0:Z1,…", "The voxels that are kept, a range for each axis",
            expected: Values.regionExpected, fallback: "all"
          ) { Values.region($0).map(Optional.some) },
          .parsed(
            "--dtype", at: \.options.voxelType, "TYPE", "Number format of the result, saturating: uint8, uint16, float32, …",
            expected: "a number format, as uint16", fallback: "that of the input"
          ) { VoxelType(rawValue: $0).map(Optional.some) },
        ]),
      OptionGroup(
        "OME-Zarr",
        [
          .value(
            "--ome-version", at: \.options.omeVersion, "VERSION", "0.4 (Zarr v2) or 0.5 (Zarr v3)",
            fallback: "that of the input, else 0.5; 0.5 with --shards"),
          lengths("--chunks", \.options.chunk, "Voxels of a chunk, what is read at once", fallback: "about 2 MB"),
          lengths(
            "--shards", \.options.shard, "Voxels of a shard, a file of many chunks: rounded up to whole chunks", fallback: "a file a chunk"),
          .parsed(
            "--compressor", at: \.options.compression, "NAME:LEVEL", "How chunks are compressed: \(Compression.forms)",
            expected: "a compression, as blosc:zstd:5", fallback: "blosc:zstd:1; of labels blosc:zstd:3:noshuffle"
          ) { (try? Compression(parsing: $0)) == nil ? nil : .some($0) },
          .parsed(
            "--levels", at: \.options.levelCount, "N|auto", "How many levels, the finest counted",
            expected: "a whole number above 0, or auto",
            fallback: "auto: until all axes are shorter than 256 voxels"
          ) { $0 == "auto" ? .some(nil) : Values.positive($0).map(Optional.some) },
          .value(
            "--method", at: \.options.method, "NAME", "How levels are made: mean, gaussian, stride, or mode for labels",
            fallback: "mean; mode for an image that says that it holds labels"),
        ]),
      OptionGroup(
        "Result",
        [
          .value(
            "--format", at: \.options.format, "NAME", "Format of the result: zarr, tiff, nifti or nrrd", fallback: "by the ending of OUT"),
          .flag("--overwrite", at: \.options.overwrite, "Replace a result that exists"),
        ] + ConvertArguments.talking),
      OptionGroup(
        "Machine",
        [
          .threads(\.options.threads),
          .memory(\.options.memory),
          .retries(\.options.retries),
        ]),
    ] + ExecutorArguments.groups(at: \.options.executor),
    examples: [
      CommandExample("make a pyramid of a TIFF stack", "weft convert stack.tif image.ome.zarr --spacing 2,0.5,0.5"),
      CommandExample("store in shards", "weft convert image.ome.zarr sharded.ome.zarr --chunks 64 --shards 512 --compressor zstd:3"),
      CommandExample("write one level as NIfTI", "weft convert image.ome.zarr/2 image.nii.gz"),
    ], check: { (arguments) throws(UsageError) in try ExecutorArguments.check(arguments.options.executor) })

  private static func lengths(
    _ name: String, _ field: any WritableKeyPath<ConvertArguments, [Int]?> & Sendable, _ summary: String, fallback: String
  ) -> Option<ConvertArguments> {
    .parsed(name, at: field, "N|Z,Y,X", summary, expected: Values.lengthsExpected, fallback: fallback) {
      Values.lengths($0).map(Optional.some)
    }
  }

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    let image = try StoredImage.open(arguments.input, axes: arguments.axes, spacing: arguments.spacing)
    Interruption.resumable(output: arguments.result)
    try await ImageConversion(image, options: arguments.options, progress: progress).run(output: arguments.result)
    progress.close()
    try WrittenImage.tell(arguments.result, console, arguments.output)
    return .done
  }
}
