// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft transform compose`
enum TransformComposeCommand {
  static let command = Command<TransformArguments>(
    "transform compose", "write several transforms as one",
    discussion: [
      "The order is that of `antsApplyTransforms -t A -t B`: the last one is applied first, T(x) = A(B(x)). So A leads to the image that is "
        + "resampled at last, and B begins at the image on whose voxels the result lies.",
      TransformArguments.inputs, TransformArguments.outputs,
    ],
    defaults: TransformArguments(),
    positionals: [.repeated("TRANSFORM", at: \.inputs, "Two or more transforms, the one that is applied last first", completion: .file)],
    groups: [
      OptionGroup(
        "Output", [.value("--output", "-o", at: \.result, "OUT", "What is written; its ending sets the format", completion: .file)]),
      TransformArguments.reading, TransformArguments.lattice,
      TransformArguments.result([
        .flag("--inverse", at: \.options.inverse, "Write the inverse of the composed transform"), TransformArguments.toleranceOption,
      ]), TransformArguments.machine,
    ], required: ["--output"],
    examples: [
      CommandExample(
        "a warp and an affine map of ANTs as one warp", "weft transform compose affine.mat warp.nii.gz --output both.nii.gz"),
      CommandExample(
        "from a slice by a registration to an atlas", "weft transform compose to_atlas.mat out --output slice_to_atlas.h5"),
    ],
    check: { (arguments) throws(UsageError) in
      if arguments.inputs.count < 2 {
        throw UsageError(
          "`transform compose` needs two transforms or more, and \(arguments.inputs.count) \(arguments.inputs.count == 1 ? "is" : "are") given",
          hint: "`weft transform convert` writes a single one")
      }
    })

  static let verb = Verb(command) { arguments, console in
    try TransformRecord.run(arguments.inputs, to: arguments.result, arguments, console)
  }
}
