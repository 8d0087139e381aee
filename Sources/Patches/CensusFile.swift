// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageFiles
internal import Pipelines

/// Counts of classes as they are kept beside a specification, never in an input.
struct CensusFile {
  let path: String?
  var censuses: [String: ClassCensus] = [:]
  private let before: [String: ClassCensus]

  /// What a file holds; nothing where there is none, or it is another thing.
  init(path: String?) {
    self.path = path
    if let path, let data = FileManager.default.contents(atPath: path) {
      censuses = (try? JSONDecoder().decode([String: ClassCensus].self, from: data)) ?? [:]
    }
    before = censuses
  }

  /// What counts depend on: the labels as they are now, the first target, the sampling box.
  static func key(of dataset: PatchDataset) -> String {
    let labels = dataset.classes.map { name in
      guard let source = dataset.sources[name] else { return name + ":" }
      let identity = InputIdentity(path: source.path).withChunks().wholeText
      return "\(name):\(identity):\(source.value.map { "\($0)" } ?? ""):\(source.axes ?? ""):\(source.spacing ?? [])"
    }
    return "\(labels) \(dataset.targets[0].shape) \(dataset.targets[0].scale) \(dataset.samplingBox)"
  }

  func write() throws {
    guard let path, censuses != before else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try ImageFile.writeWhole([UInt8](try encoder.encode(censuses)), to: path)
  }
}
