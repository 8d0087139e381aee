// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The names of the results of a segmentation, relative to the folder that the labels lie in.
struct SegmentationNames {
  let labels: String
  let table: String
  let record: String

  /// `objects.csv` and `run.json`, beside the labels or the image that they are put into; where those are another run's, with the name of the
  /// labels before them.
  init(_ target: LabelTarget) {
    let labels = URL(fileURLWithPath: target.path).standardizedFileURL.lastPathComponent
    self.labels = labels
    // From the labels inside an image up to what lies beside the image.
    let up = target.group == nil ? "" : "../../"
    let folder = URL(fileURLWithPath: target.beside).standardizedFileURL.deletingLastPathComponent()
    func isFree(_ name: String) -> Bool { !FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) }
    struct Known: Decodable {
      var command: String
      var output: String?
    }
    let known = (try? Data(contentsOf: folder.appendingPathComponent("run.json"))).flatMap {
      try? JSONDecoder().decode(Known.self, from: $0)
    }
    let isOurs = known?.command == "segment" && known?.output == URL(fileURLWithPath: target.path).standardizedFileURL.path
    if isOurs || (isFree("run.json") && isFree("objects.csv")) {
      (table, record) = (up + "objects.csv", up + "run.json")
    } else {
      let stem = [".ome.zarr", ".zarr"].first { labels.hasSuffix($0) }.map { String(labels.dropLast($0.count)) } ?? labels
      (table, record) = (up + "\(stem).objects.csv", up + "\(stem).run.json")
    }
  }

  /// The path of a result as the user would name it.
  func shown(_ name: String, _ target: LabelTarget) -> String {
    let last = name.split(separator: "/").last.map(String.init) ?? name
    guard let slash = target.beside.lastIndex(of: "/") else { return last }
    return target.beside[...slash] + last
  }
}
