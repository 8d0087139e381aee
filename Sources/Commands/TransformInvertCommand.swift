// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft transform invert`
enum TransformInvertCommand {
  static let command = Command<TransformArguments>(
    "transform invert", "write the inverse of a transform",
    discussion: [
      "Affine maps are inverted exactly, displacements by iteration, box by box, until each point is off by no more than --tolerance. How far the "
        + "worst one is off is printed; where the transform folds there is no inverse, and how many points are concerned is told.",
      "The inverse maps the moving image to the fixed one: of a registration it is sampled on the moving voxels, of other transforms on the "
        + "lattice of the displacement that is inverted, as ANTs does, where --moving or --like names no image.",
      TransformArguments.inputs, TransformArguments.outputs,
    ],
    defaults: TransformArguments(),
    positionals: [
      .value("IN", at: \.input, "The transform: a file, or the output folder of `weft register`", completion: .file),
      .value("OUT", at: \.result, "What is written; its ending sets the format", completion: .file),
    ],
    groups: [
      TransformArguments.reading, TransformArguments.lattice, TransformArguments.result([TransformArguments.toleranceOption]),
      TransformArguments.machine,
    ],
    examples: [
      CommandExample("invert an affine map", "weft transform invert affine.mat back.mat"),
      CommandExample("invert a warp to a thousandth of a voxel", "weft transform invert warp.nii.gz inverse_warp.nii.gz --tolerance 0.001"),
    ])

  static let verb = Verb(command) { arguments, console in
    var arguments = arguments
    arguments.options.inverse = true
    return try TransformRecord.run([arguments.input], to: arguments.result, arguments, console)
  }
}
