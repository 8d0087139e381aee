// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
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

  /// Appends the line of an object to the table.
  ///
  /// - Parameter intensities: a channel after the other.
  func append(
    _ label: UInt64, time: Int, _ row: ObjectRows.Row, _ intensities: ArraySlice<ObjectRows.Intensity>, to text: inout [UInt8]
  ) {
    let comma = UInt8(ascii: ",")
    func add(_ value: Int) {
      NumberText.append(value, to: &text)
      text.append(comma)
    }
    // Ten digits: more than voxels tell, and the same on every machine.
    func add(_ value: Double) {
      NumberText.append(value, to: &text)
      text.append(comma)
    }
    let axes = 3 - extent.rank..<3
    let centroid = axes.map { Double(row.sums[$0]) / Double(row.voxels) }
    add(Int(label))
    if hasTime { add(time) }
    for place in space.world(of: centroid) { add(place) }
    for place in centroid { add(place) }
    for axis in axes { add(row.first[axis]) }
    for axis in axes { add(row.last[axis] + 1) }
    add(row.voxels)
    add(Double(row.voxels) * space.spacing.reduce(1, *))
    for intensity in intensities { add(intensity.mean) }
    let touches = axes.contains { row.first[$0] == 0 || row.last[$0] == extent[$0 - axes.lowerBound] - 1 }
    text += [UInt8(ascii: touches ? "1" : "0"), UInt8(ascii: "\n")]
  }
}
