// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Volumes

/// `objects.csv`: a row an object.
///
/// `z,y,x` is the centroid in physical coordinates, so that `weft apply` brings the table along; `voxel_…` the same in voxels; `…_begin` and
/// `…_end` the bounding box in voxels, half-open. 2D images have no z.
struct ObjectTable {
  let extent: Extent
  let space: PhysicalSpace
  /// The channels whose mean intensity is told.
  let channels: Int
  /// Whether a column tells the time.
  let hasTime: Bool

  private var names: [String] { ["z", "y", "x"].suffix(extent.rank) }

  /// The names of the columns.
  var header: String {
    let columns =
      ["label"] + (hasTime ? ["t"] : []) + names + names.map { "voxel_\($0)" } + names.map { "\($0)_begin" } + names.map { "\($0)_end" }
      + ["voxels", "volume"] + (0..<channels).map { "mean_\($0)" } + ["touches_border"]
    return columns.joined(separator: ",") + "\n"
  }

  /// One line.
  ///
  /// - Parameter intensities: a channel after the other.
  func line(_ label: UInt64, time: Int, _ row: ObjectRows.Row, _ intensities: ArraySlice<ObjectRows.Intensity>) -> String {
    func axes(_ place: SIMD3<Int>) -> [Int] { [place[0], place[1], place[2]].suffix(extent.rank) }
    let (first, last) = (axes(row.first), axes(row.last))
    let centroid = axes(row.sums).map { Double($0) / Double(row.voxels) }
    let touches = (0..<extent.rank).contains { first[$0] == 0 || last[$0] == extent[$0] - 1 }
    var fields = ["\(label)"] + (hasTime ? ["\(time)"] : [])
    fields += space.world(of: centroid).map(Self.text) + centroid.map(Self.text)
    fields += first.map(String.init) + last.map { String($0 + 1) }
    fields += ["\(row.voxels)", Self.text(Double(row.voxels) * space.spacing.reduce(1, *))]
    fields += intensities.map { Self.text($0.mean) } + [touches ? "1" : "0"]
    return fields.joined(separator: ",") + "\n"
  }

  /// Ten digits: more than voxels tell, and the same on every machine.
  private static func text(_ value: Double) -> String { String(format: "%.10g", value) }
}
