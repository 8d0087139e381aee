// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `tiles` is asked.
struct TilesArguments: TalkingArguments {
  var input = ""
  var result = ""
  var axes: String?
  var spacing: [Double]?
  var options = TileImageOptions()
  var output = OutputArguments()
}

/// `weft tiles`
enum TilesCommand {
  static let command = Command<TilesArguments>(
    "tiles", "make an image of another, tile by tile, with a program of yours",
    discussion: [
      "Each tile is read with a halo and handed to the program, which returns an image of the same size, of one channel or more: denoised, or "
        + "a map of probabilities. Where tiles overlap they pass into each other smoothly.",
      "The program speaks Weft's worker protocol, which takes three lines of Python: see Docs/Reference/plugin-workers.md. It gets the 1st and "
        + "the 99.8th percentile of the whole image, so that every tile can be normalised alike.",
      "A run that was interrupted goes on when the same command is given again, or by `weft resume OUT`.",
    ],
    defaults: TilesArguments(),
    positionals: [
      .value("IMAGE", at: \.input, "The image: OME-Zarr, Zarr, TIFF, NIfTI, NRRD, MHA, PNG or JPEG", completion: .file),
      .value("OUT", at: \.result, "What is written, as denoised.ome.zarr", completion: .file),
    ],
    groups: [
      OptionGroup(
        "Program",
        [
          .value("--command", at: \.options.program.command, "PROGRAM", "The program, as 'python my.py'"),
          .repeated("--set", at: \.options.program.settings, "NAME=VALUE", "A setting that is passed to it; may be given again"),
          .flag("--gpu", at: \.options.program.usesGPU, "It may use a graphics processor"),
          .timeout(\.options.program.timeout),
          .channels(\.options.channels),
          .finestLevel(\.options.level),
        ]),
      OptionGroup(
        "Tiles",
        [
          .tileShape(\.options.tileShape),
          .tileOverlap(\.options.overlap, fallback: "what the program says that it looks around, else 0.15"),
          .parsed(
            "--blend-sigma", at: \.options.blendSigma, "FRACTION", "How smoothly tiles pass into each other, as a fraction of the overlap",
            expected: "a number above 0"
          ) { Double($0).flatMap { $0 > 0 && $0.isFinite ? $0 : nil } },
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
            "--dtype", at: \.options.voxelType, "TYPE",
            "Number format of the result: uint8, uint16, float32, …; what it does not hold is clipped",
            expected: "a number format, as uint16", fallback: "float32"
          ) { VoxelType(rawValue: $0) },
          .value(
            "--ome-version", at: \.options.omeVersion, "VERSION", "OME-NGFF version of the result", fallback: "that of the input, else 0.5"),
          .flag("--overwrite", at: \.options.overwrite, "Replace a result that exists"),
        ] + TilesArguments.talking),
      OptionGroup(
        "Machine",
        [
          .threads(\.options.threads, "Tiles that are worked on at once; the result does not depend on it"),
          .memory(\.options.memory),
          .retries(\.options.retries),
        ]),
    ] + ExecutorArguments.groups(at: \.options.executor), required: ["--command"],
    examples: [
      CommandExample("denoise a volume", "weft tiles image.ome.zarr denoised.ome.zarr --command 'python denoise.py' --overlap 32vx")
    ], check: { (arguments) throws(UsageError) in try ExecutorArguments.check(arguments.options.executor) })

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    let image = try StoredImage.open(arguments.input, axes: arguments.axes, spacing: arguments.spacing)
    Interruption.resumable(output: arguments.result)
    try await TileImages(image, options: arguments.options, progress: progress).run(output: arguments.result)
    progress.close()
    try WrittenImage.tell(arguments.result, console, arguments.output)
    return .done
  }
}
