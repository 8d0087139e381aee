// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `segment` and `plan segment` are asked.
struct SegmentArguments: TalkingArguments {
  var input = ""
  var labels: String?
  var image: String?
  var name: String?
  var tile: [Int]?
  var time: Int?
  var preview: String?
  var axes: String?
  var spacing: [Double]?
  var options = SegmentationOptions()
  var output = OutputArguments()

  /// - Throws: where options do not go together.
  func check() throws(UsageError) {
    if (options.program.command != nil) != (options.method == .command) {
      throw UsageError(
        "`--command` and `--method command` belong together", hint: "give both, as --method command --command 'python my.py'")
    }
    let program = options.program
    let isBuiltIn = [.watershed, .threshold].contains(options.method)
    if isBuiltIn, !program.settings.isEmpty || program.model != nil || program.usesGPU || program.timeout != nil {
      throw UsageError(
        "`--set`, `--model`, `--gpu` and `--timeout` are for programs, and the method is `\(options.method.rawValue)`",
        hint: "leave them out, or choose --method cellpose, stardist or command")
    }
    if isBuiltIn || options.method == .command, program.python != ProgramOptions().python {
      throw UsageError(
        "`--python` is for cellpose and stardist, and the method is `\(options.method.rawValue)`",
        hint: options.method == .command ? "name the Python in the command, as 'PATH/python my.py'" : "leave it out")
    }
    if !isBuiltIn, options.threshold != nil {
      throw UsageError(
        "`--threshold` is for watershed and threshold, and the method is `\(options.method.rawValue)`",
        hint: "leave it out; what a program is to know is given by --set name=value")
    }
  }

  /// - Parameter isNeeded: whether the labels have to go somewhere.
  /// - Throws: where labels are to go to no place, or to two.
  func checkPlace(isNeeded: Bool, verb: String) throws(UsageError) {
    switch (labels, image) {
    case (nil, nil):
      if isNeeded { throw UsageError("`\(verb)` needs `--output` or `--into`", hint: "name the labels, as --output labels.ome.zarr") }
    case (_?, _?): throw UsageError("both `--output` and `--into` are given", hint: "labels go to one place")
    default: break
    }
    if image == nil, name != nil { throw UsageError("`--name` goes with `--into`", hint: "leave it out, or name an image") }
  }

  /// Where the labels go; `nil` where nothing is said of it.
  func target() throws -> LabelTarget? {
    try image.map { try LabelTarget(into: $0, name: name ?? "segmentation") } ?? labels.map { try LabelTarget($0) }
  }

  /// The segmentation that is asked for; no voxel is read.
  func segmentation(progress: any ProgressReporter) throws -> ChunkedSegmentation {
    try ChunkedSegmentation(StoredImage.open(input, axes: axes, spacing: spacing), options: options, progress: progress)
  }
}

extension SegmentArguments {
  static let positionals: [Positional<Self>] = [
    .value("IMAGE", at: \.input, "The image: OME-Zarr, Zarr, TIFF, NIfTI, NRRD, MHA, PNG or JPEG", completion: .file)
  ]

  static let place = OptionGroup<Self>(
    "Output",
    [
      .value("--output", "-o", at: \.labels, "LABELS", "The labels, as labels.ome.zarr", completion: .file),
      .value(
        "--into", at: \.image, "IMAGE", "Put the labels into an OME-Zarr image instead, among its `labels`", completion: .directory),
      .value("--name", at: \.name, "NAME", "The name of the labels inside the image", fallback: "with --into: segmentation"),
    ] + SegmentArguments.talking)

  static let method = OptionGroup<Self>(
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
    ])

  static let tiles = OptionGroup<Self>(
    "Tiles",
    [
      .tileShape(\.options.tileShape),
      .tileOverlap(\.options.overlap, fallback: "two diameters; none for threshold"),
      .parsed(
        "--merge", at: \.options.merge, "RULE",
        "How objects of neighbouring tiles become one: hybrid, halo-iou, face or none",
        expected: "one of hybrid, halo-iou, face, none", fallback: "face for threshold, else hybrid"
      ) { MergeRule(rawValue: $0).map(Optional.some) },
    ])

  static let file = OptionGroup<Self>(
    "Image",
    [
      .axes(\.axes),
      .spacing(\.spacing),
    ])

  static let result = OptionGroup<Self>(
    "Result",
    [
      .parsed(
        "--dtype", at: \.options.voxelType, "TYPE", "Number format of the labels: uint16, uint32 or uint64",
        expected: "uint16, uint32 or uint64", fallback: "the smallest that holds all"
      ) { text in VoxelType(rawValue: text).flatMap { [.uint16, .uint32, .uint64].contains($0) ? .some($0) : nil } },
      .value(
        "--ome-version", at: \.options.omeVersion, "VERSION", "OME-NGFF version of the labels", fallback: "that of the input, else 0.5"),
      .flag("--overwrite", at: \.options.overwrite, "Replace labels that exist"),
    ])

  static let machine = OptionGroup<Self>(
    "Machine",
    [
      .threads(\.options.threads, "Tiles that are worked on at once; the result does not depend on it"),
      .memory(\.options.memory),
      .retries(\.options.retries),
    ])
}
