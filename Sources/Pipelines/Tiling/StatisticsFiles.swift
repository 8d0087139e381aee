// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Segmentation

/// What was measured of the channels, one file a time.
struct StatisticsFiles {
  let folder: URL

  private func name(_ time: Int) -> String { "time-\(time).json" }

  /// Writes what was measured.
  func write(_ statistics: [IntensityStatistics], _ time: Int) throws -> TaskOutcome {
    let data = try RunFolder.encoder.encode(statistics)
    try data.write(to: folder.appendingPathComponent(name(time)), options: .atomic)
    return TaskOutcome(files: [name(time): data.count])
  }

  /// What was measured of a time.
  ///
  /// - Throws: `DamagedOutput` where it is not what was written.
  func read(_ time: Int) throws -> [IntensityStatistics] {
    let url = folder.appendingPathComponent(name(time))
    guard let statistics = try? RunFolder.decoder.decode([IntensityStatistics].self, from: Data(contentsOf: url)) else {
      throw DamagedOutput(path: url.path, reason: "it holds no statistics")
    }
    return statistics
  }
}
