// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What the verbs of `transform` that write are asked.
struct TransformArguments: TalkingArguments {
  var inputs: [String] = []
  var input = ""
  var result = ""
  var options = TransformOptions()
  var output = OutputArguments()

  static let inputs =
    "Read are: the output folder of `weft register`; ITK and ANTs: .mat, .tfm, .txt, .h5, and displacement fields (.nii.gz, .nrrd, .mha); "
    + "parameter files of elastix; matrices of greedy, Convert3D and bigstream, which have to be told apart by --from; BigWarp's landmarks; "
    + "OME-Zarr fields that Weft wrote. What a file is its content tells, not its name."

  static let outputs =
    "The ending of the output sets the format: .mat and .tfm (ITK, affine), .h5 (ITK, all parts), .nii.gz and .nrrd (ITK and ANTs, displacements "
    + "of the whole transform), .ome.zarr (the same, box by box), .csv (BigWarp), .json (OME-NGFF 0.6, RFC-5); .txt needs --to."

  static let reading: OptionGroup<Self> = OptionGroup(
    "Input",
    [
      .value("--from", at: \.options.from, "FORMAT", "What the input is, where its content does not tell", fallback: "told by its content"),
      .value("--part", at: \.options.part, "PART", "What of a registration: whole, affine, coarse or local"),
      .value(
        "--unit", at: \.options.unit, "UNIT", "Unit of the input's lengths: mm, um, … or none",
        detail:
          "Files of ITK, ANTs, elastix and greedy are in millimetres, those of bigstream in micrometres. With none, numbers are written as "
          + "they are, whatever the format.",
        fallback: "that of its format"),
      .value(
        "--fixed", at: \.options.fixed, "IMAGE", "The image that the transform maps from",
        detail:
          "bigstream and BigWarp know no direction cosines, and bigstream no origin: their files are told right only with both images. "
          + "elastix's files name the voxels of the fixed image.",
        fallback: "of a registration known", completion: .file),
      .value(
        "--moving", at: \.options.moving, "IMAGE", "The image that the transform maps to", fallback: "of a registration known",
        completion: .file),
    ])

  static let lattice: OptionGroup<Self> = OptionGroup(
    "Displacements",
    [
      .value(
        "--like", at: \.options.like, "IMAGE", "Sample displacements on the voxels of this image",
        fallback: "the image that the transform maps from", completion: .file),
      .parsed(
        "--spacing", at: \.options.spacing, "Z,Y,X", "Distance of the nodes at which displacements are sampled",
        expected: Values.spacingExpected,
        fallback: "every voxel"
      ) { Values.spacing($0).map(Optional.some) },
      .parsed(
        "--quantize", at: \.options.quantize, "VOXELS", "Keep displacements in 16 bits, off by no more than so many voxels; .ome.zarr only",
        expected: "a number above 0, as 0.01", fallback: "32-bit floats"
      ) { Values.aboveZero($0).map(Optional.some) },
      .parsed(
        "--landmarks", at: \.options.landmarks, "N", "How many landmarks are sampled for BigWarp, at the most",
        expected: "a whole number above 0", fallback: "500"
      ) { Values.positive($0) },
    ])

  static let toleranceOption: Option<Self> = .parsed(
    "--tolerance", at: \.options.tolerance, "VOXELS", "How far an inverse may be off", expected: "a number above 0, as 0.01",
    fallback: "0.01"
  ) { Values.aboveZero($0) }

  static func result(_ more: [Option<Self>]) -> OptionGroup<Self> {
    OptionGroup(
      "Result",
      [.value("--to", at: \.options.to, "FORMAT", "What is written", fallback: "by the ending of the output")] + more
        + [.flag("--overwrite", at: \.options.overwrite, "Replace a result that exists")] + talking)
  }

  static let machine: OptionGroup<Self> = OptionGroup("Machine", [.threads(\.options.threads), .memory(\.options.memory)])
}
