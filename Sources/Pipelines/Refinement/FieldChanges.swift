// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Grids
internal import Transforms
internal import Volumes

/// Where one displacement field differs from another on the same lattice.
package struct FieldChanges: Sendable {
  let lattice: SplineLattice
  /// The control points that differ, boxed chunk by chunk.
  private var boxes: [[Int]: Box] = [:]

  /// Compares two fields.
  ///
  /// - Parameter regions: control points beyond which they are known to be the same.
  /// - Complexity: reads both fields there.
  package init(from old: LocalField, to new: LocalField, in regions: [Box]) throws {
    lattice = new.lattice
    let size = LocalField.chunk
    for index in Set(regions.flatMap { Array(chunks(holding: $0).indices) }).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let chunk = Box(lower: index.map { $0 * size }, extent: Extent([Int](repeating: size, count: 3)))
        .translated(by: lattice.box.lower).intersection(lattice.box)
      let (before, after) = (try old.field(on: chunk).coefficients, try new.field(on: chunk).coefficients)
      for (offset, point) in chunk.indices.enumerated()
      where (0..<3).contains(where: { before[$0].elements[offset].bitPattern != after[$0].elements[offset].bitPattern }) {
        let one = Box(lower: point, upper: point.map { $0 + 1 })
        boxes[index] = boxes[index].map { $0.union(one) } ?? one
      }
    }
  }

  /// The chunks that hold some control points.
  private func chunks(holding points: Box) -> Box {
    let stored = points.intersection(lattice.box).relative(to: lattice.box.lower)
    return Box(
      lower: stored.lower.map { $0 / LocalField.chunk }, upper: stored.upper.map { ($0 + LocalField.chunk - 1) / LocalField.chunk })
  }

  /// Whether the displacement of one of these voxels differs.
  package func meet(_ voxels: Box) -> Bool {
    let held = voxels.intersection(lattice.extent.box)
    if held.isEmpty || boxes.isEmpty { return false }
    let points = lattice.controlPoints(for: held)
    return chunks(holding: points).indices.contains { index in boxes[index].map { !$0.intersection(points).isEmpty } ?? false }
  }
}
