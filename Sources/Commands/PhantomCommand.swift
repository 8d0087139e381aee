// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `phantom` is asked.
struct PhantomArguments: TalkingArguments {
  /// The formats of a phantom's voxels.
  enum Format: String, CaseIterable, ArgumentValue { case uint8, uint16 }
  /// What a phantom shows.
  enum Scene: String, CaseIterable, ArgumentValue { case tissue, nuclei }

  var folder = ""
  var shape = [256]
  var seed = 1
  var format = Format.uint16
  var scene = Scene.tissue
  var spacing: [Double]?
  var chunk: [Int]?
  var options = PhantomOptions()
  var output = OutputArguments()

  /// The options of the phantom: `256` is a cube.
  func resolved() -> PhantomOptions {
    var options = options
    options.shape = shape.count == 1 ? [Int](repeating: shape[0], count: 3) : shape
    options.seed = UInt64(bitPattern: Int64(seed))
    options.voxelType = format == .uint8 ? .uint8 : .uint16
    options.contents = scene == .tissue ? .tissue : .nuclei
    options.spacing = spacing
    options.chunk = chunk.map { Extent($0.count == 1 ? options.shape.map { _ in chunk![0] } : $0) }
    return options
  }
}

/// `weft phantom`
enum PhantomCommand {
  static let command = Command<PhantomArguments>(
    "phantom", "make a realistic pair of images with its known transform",
    discussion: [
      "Writes fixed.ome.zarr and moving.ome.zarr, which look like light-sheet images of one tissue (nuclei, fibres, texture, uneven light, "
        + "noise), turned, scaled, shifted and smoothly bent against each other; truth.json, the transform, known exactly at every point; and "
        + "landmarks.csv, the centres of nuclei in both. Any size, in bounded memory.",
      "`weft evaluate --truth DIR --transforms OUT` then tells how well a registration found it.",
    ],
    defaults: PhantomArguments(), positionals: [.value("DIR", at: \.folder, "Folder that is written to", completion: .directory)],
    groups: [
      OptionGroup(
        "Phantom",
        [
          .parsed(
            "--shape", at: \.shape, "N|Z,Y,X|Y,X", "Voxels: one number for a cube, three, or two for a flat image",
            expected: Values.lengthsExpected, fallback: "256", parse: Values.lengths),
          .value("--seed", at: \.seed, "N", "The same seed gives the same voxels"),
          .parsed(
            "--displacement", at: \.options.displacement, "VOXELS", "The largest smooth displacement", expected: "a number from 0",
            fallback: "1/25 of the longest axis"
          ) { text in Double(text).flatMap { $0 >= 0 && $0.isFinite ? .some($0) : nil } },
          .parsed(
            "--spacing", at: \.spacing, "Z,Y,X", "Distance between voxels in micrometres", expected: Values.spacingExpected,
            fallback: "1"
          ) { Values.spacing($0).map(Optional.some) },
          .value("--scene", at: \.scene, "SCENE", "tissue, or nuclei without the fibres and the outline that cuts some"),
          .flag("--labels", at: \.options.labels, "Write the labels of the nuclei too: fixed_labels.ome.zarr, moving_labels.ome.zarr"),
        ]),
      OptionGroup(
        "Files",
        [
          .value("--dtype", at: \.format, "TYPE", "Format of a voxel: uint8 or uint16"),
          .parsed(
            "--chunk", at: \.chunk, "N|Z,Y,X", "Voxels of a stored chunk", expected: Values.lengthsExpected, fallback: "about 2 MB"
          ) { Values.lengths($0).map(Optional.some) },
          .value("--ome-version", at: \.options.omeVersion, "VERSION", "OME-NGFF version: 0.4 or 0.5"),
          .threads(\.options.threads),
          .flag("--overwrite", at: \.options.overwrite, "Replace images that exist"),
        ] + PhantomArguments.talking),
    ],
    examples: [
      CommandExample("make a pair of 256 voxels an axis", "weft phantom pair --shape 256 --seed 1"),
      CommandExample("make nuclei to count", "weft phantom counted --shape 64,128,128 --scene nuclei --labels"),
      CommandExample("make a flat pair with labels", "weft phantom flat --shape 1024,1024 --labels"),
    ],
    check: { (arguments) throws(UsageError) in
      if arguments.shape.count == 1, arguments.shape[0] < 16 {
        throw UsageError("`--shape \(arguments.shape[0])` is too small", hint: "give at least 16 voxels an axis")
      }
    })

  static let verb = Verb(command) { arguments, console in
    let phantom = try Phantom(arguments.resolved())
    let progress = ProgressDisplay.make(console, arguments.output)
    for name in ["fixed", "moving", "fixed_labels", "moving_labels"] {
      Interruption.unfinished(file: arguments.folder + "/\(name).ome.zarr")
    }
    try await phantom.write(into: arguments.folder, progress: progress)
    progress.close()
    let record = PhantomReport(folder: arguments.folder, shape: phantom.truth.shape, seed: arguments.seed)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }
}

/// What is printed of a phantom.
struct PhantomReport: Encodable {
  let folder: String
  let shape: [Int]
  let seed: Int

  var text: String {
    Numbers.table([
      ("fixed", folder + "/fixed.ome.zarr"), ("moving", folder + "/moving.ome.zarr"), ("truth", folder + "/truth.json"),
      ("voxels", Numbers.lengths(shape)),
    ])
  }
}
