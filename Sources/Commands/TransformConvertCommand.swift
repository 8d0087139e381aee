// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft transform convert`
enum TransformConvertCommand {
  static let command = Command<TransformArguments>(
    "transform convert", "write a transform for another program",
    discussion: [
      TransformArguments.inputs, TransformArguments.outputs,
      "Transforms map points of the fixed image to points of the moving image, as ITK's and elastix's do for resampling. A displacement field "
        + "is sampled on the voxels of the image that the transform maps from; how far it is off between them is measured and printed. Sampled "
        + "more coarsely by --spacing it is smaller, and off by more.",
    ],
    defaults: TransformArguments(),
    positionals: [
      .value("IN", at: \.input, "The transform: a file, or the output folder of `weft register`", completion: .file),
      .value("OUT", at: \.result, "What is written; its ending sets the format", completion: .file),
    ],
    groups: [
      TransformArguments.reading, TransformArguments.lattice,
      TransformArguments.result([
        .flag("--inverse", at: \.options.inverse, "Write the inverse, which maps the moving image to the fixed one"),
        TransformArguments.toleranceOption,
      ]), TransformArguments.machine,
    ],
    examples: [
      CommandExample("all of a registration as one warp for ANTs", "weft transform convert out warp.nii.gz"),
      CommandExample("all its parts in one file of ITK", "weft transform convert out whole.h5"),
      CommandExample("the warp the other way", "weft transform convert out inverse_warp.nii.gz --inverse"),
      CommandExample("a field of any size, in 16 bits", "weft transform convert out field.ome.zarr --quantize 0.01"),
      CommandExample("an affine map of greedy for ANTs", "weft transform convert affine.txt affine.mat --from greedy"),
    ])

  static let verb = Verb(command) { arguments, console in
    try TransformRecord.run([arguments.input], to: arguments.result, arguments, console)
  }
}
