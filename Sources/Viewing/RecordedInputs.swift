// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation

/// What the `run.json` of a registration or a segmentation tells of its images.
struct RecordedInputs {
  enum Command {
    case registration
    case segmentation
  }

  let command: Command
  /// The fixed image, or the one that was segmented: a path or an address.
  let image: String
  /// The channel of the fixed image; `nil` for luminance or the first one.
  let channel: Int?
  /// The channel of the moving image.
  let movingChannel: Int?
  /// The labels; empty for a registration, whose results lie beside the record.
  let output: String

  /// - Returns: `nil` where there is no record, or none of these two commands.
  init?(contentsOf path: String) {
    guard let data = FileManager.default.contents(atPath: path), let record = try? JSON.parse(Array(data), file: path) else { return nil }
    switch record["command"]?.text {
    case "register"?:
      command = .registration
      guard let fixed = record["fixed"]?["path"]?.text else { return nil }
      image = fixed
      channel = record["fixed"]?["channel"]?.whole
      movingChannel = record["moving"]?["channel"]?.whole
      output = ""
    case "segment"?:
      command = .segmentation
      guard let segmented = record["image"]?["path"]?.text, let labels = record["output"]?.text else { return nil }
      (image, output) = (segmented, labels)
      channel = nil
      movingChannel = nil
    default: return nil
    }
  }

  /// The record of the segmentation that wrote labels, which lies beside them, or beside the image that they were put into.
  static func segmentation(of labels: String) -> RecordedInputs? {
    let place = URL(fileURLWithPath: labels).standardizedFileURL
    let folders = [1, 3].map { depth in (0..<depth).reduce(place) { folder, _ in folder.deletingLastPathComponent() }.path }
    return folders.lazy.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix("run.json") }.sorted()
        .map { folder + "/" + $0 }
    }.compactMap(RecordedInputs.init(contentsOf:)).first { $0.command == .segmentation && $0.output == place.path }
  }
}
