// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Foundation
internal import Weft

/// What `evaluate` is asked.
struct EvaluateArguments: TalkingArguments {
  var truth: String?
  var transforms: String?
  var landmarks: String?
  var voxels = false
  var labels: [String] = []
  var objects: [String] = []
  var images: [String] = []
  var threads: Int?
  var output = OutputArguments()
}

/// `weft evaluate`
enum EvaluateCommand {
  static let command = Command<EvaluateArguments>(
    "evaluate", "measure a result against a known truth, landmarks, labels or the fixed image",
    discussion: [
      "Each of --truth, --landmarks, --labels, --objects and --images asks for one measure; several may be given. End-point errors are in voxels of the "
        + "finest axis, over points of a regular lattice; foreground means inside the tissue. Landmark errors are in the images' unit, and in "
        + "per cent of the diagonal of the fixed volume. Of a time series, --labels and --objects look at all time points."
    ],
    defaults: EvaluateArguments(),
    groups: [
      OptionGroup(
        "Measures",
        [
          .value(
            "--truth", at: \.truth, "DIR", "Folder of `weft phantom`: end-point error against its known transform", completion: .directory),
          .value(
            "--landmarks", at: \.landmarks, "FILE[,FILE]", "Landmark error: pairs.csv, or fixed.csv,moving.csv",
            detail: "One file has the columns fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x; two files have z,y,x (2D: without z). "
              + "Positions are physical unless --voxels is given.", completion: .file),
          .values(
            "--labels", at: \.labels, ["A", "B"], "Overlap of two label images: Dice and Jaccard, label by label", completion: .file),
          .values(
            "--objects", at: \.objects, ["FOUND", "TRUE"],
            "Objects of two label images, whatever their labels: how many match, TP / (TP + FP + FN)", completion: .file),
          .values(
            "--images", at: \.images, ["FIXED", "REGISTERED"], "Correlation and local correlation (windows of 9 voxels) of two images",
            completion: .file),
        ]),
      OptionGroup(
        "Options",
        [
          .value(
            "--transforms", "-t", at: \.transforms, "DIR", "Output folder of `weft register`, for --truth and --landmarks",
            completion: .directory),
          .flag("--voxels", at: \.voxels, "Landmarks are in voxels of their images, not physical"),
          .threads(\.threads),
        ] + EvaluateArguments.talking),
    ],
    examples: [
      CommandExample("end-point error of a registered phantom", "weft evaluate --truth pair --transforms out"),
      CommandExample("landmark error before and after", "weft evaluate --landmarks fixed.csv,moving.csv --transforms out"),
      CommandExample("how many nuclei were found", "weft evaluate --objects labels.ome.zarr pair/fixed_labels.ome.zarr"),
      CommandExample("overlap of labels", "weft evaluate --labels fixed_labels.ome.zarr registered_labels.ome.zarr"),
    ],
    check: { (arguments) throws(UsageError) in
      if arguments.truth == nil, arguments.landmarks == nil, arguments.labels.isEmpty, arguments.objects.isEmpty,
        arguments.images.isEmpty
      {
        throw UsageError("`evaluate` needs something to measure", hint: "give --truth, --landmarks, --labels, --objects or --images")
      }
      if arguments.truth != nil, arguments.transforms == nil {
        throw UsageError("`--truth` needs `--transforms`", hint: "add --transforms with the output folder of `weft register`")
      }
    })

  static let verb = Verb(command) { arguments, console in
    let transforms = try arguments.transforms.map { try TransformFolder.open($0) }
    var record = EvaluationRecord()
    if let truth = arguments.truth, let transforms {
      record.endPointErrors = try EndPointErrors(of: transforms, against: .read(from: truth))
    }
    if let landmarks = arguments.landmarks {
      record.landmarkErrors = try LandmarkErrors(
        of: LandmarkPairs.read(contentsOf: landmarks), through: transforms, voxels: arguments.voxels)
    }
    if arguments.labels.count == 2 {
      let volumes = try arguments.labels.map(times)
      record.overlap = EvaluationRecord.Overlap(try LabelOverlap(volumes[0], volumes[1]))
    }
    if arguments.objects.count == 2 {
      let volumes = try arguments.objects.map(times)
      record.objects = EvaluationRecord.Objects(try ObjectDetection(of: volumes[0], truth: volumes[1]))
    }
    if arguments.images.count == 2 {
      let pyramids = try arguments.images.map { path in try named { try StoredImage.open(path).volumes() } }
      record.similarity = try ImageSimilarity(pyramids[0], pyramids[1].finest, threads: ThreadCount.resolved(arguments.threads))
    }
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }

  /// The time points of a label image.
  private static func times(_ path: String) throws -> [LazyVolume] {
    try named {
      let image = try StoredImage.open(path)
      return try (0..<image.timeCount).map { try image.volumes(channel: 0, time: $0).finest }
    }
  }

  /// Opens an image; where its axes have no names, the way out is not the option `--axes`, which other verbs have.
  private static func named<Result>(_ open: () throws -> Result) throws -> Result {
    do {
      return try open()
    } catch let error as any LocalizedError where error.recoverySuggestion?.contains("--axes") == true {
      throw PipelineError(
        error.errorDescription ?? "\(error)",
        hint: "only images whose files name their axes can be evaluated: name an OME-Zarr image, as `weft` writes it")
    }
  }
}
