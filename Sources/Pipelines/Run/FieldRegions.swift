// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Transforms

/// How the control points of a volume, and its voxels with them, are shared out among tasks: each task has some chunks of the field.
package struct FieldRegions {
  package let lattice: SplineLattice
  /// How many tasks.
  package let tasks: Int
  /// Control points of a task.
  private let size: Extent

  /// The regions of a field.
  package init(_ lattice: SplineLattice) {
    self.lattice = lattice
    // Of at least 128 voxels an axis: less, and what surrounds a region, which is read with it, is many times the region.
    let least = lattice.stride.map { max(1, 128 / ($0 * LocalField.chunk)) * LocalField.chunk }
    size = lattice.box.extent.tile(from: Extent(least))
    tasks = lattice.box.extent.dividedRoundingUp(by: size).count
  }

  /// The control points of a task: whole chunks of the field.
  package func region(_ task: Int) -> Box {
    var remainder = task
    let shape = lattice.box.extent.dividedRoundingUp(by: size)
    let index = shape.strides.map { step in
      defer { remainder %= step }
      return remainder / step
    }
    let stored = Box(lower: zip(index, size.lengths).map(*), extent: size)
    return stored.intersection(lattice.box.extent.box).translated(by: lattice.box.lower)
  }

  /// The chunks of a task.
  package func chunks(_ task: Int) -> [Box] {
    let region = region(task)
    let stored = region.relative(to: lattice.box.lower)
    return stored.tiles(of: Extent([Int](repeating: LocalField.chunk, count: 3))).map { $0.translated(by: lattice.box.lower) }
  }

  /// The tasks that some voxels belong to.
  package func tasks(meeting voxels: Box) -> [Int] {
    if voxels.isEmpty { return [] }
    return tasks(
      holding: Box(
        lower: (0..<3).map { voxels.lower[$0] / lattice.stride[$0] }, upper: (0..<3).map { (voxels.upper[$0] - 1) / lattice.stride[$0] + 1 }
      ))
  }

  /// The tasks that some control points belong to.
  package func tasks(holding points: Box) -> [Int] {
    let strides = lattice.box.extent.dividedRoundingUp(by: size).strides
    let stored = points.relative(to: lattice.box.lower)
    let found = Box(lower: zip(stored.lower, size.lengths).map(/), upper: zip(stored.upper, size.lengths).map { ($0 + $1 - 1) / $1 })
    return found.indices.map { zip($0, strides).map(*).reduce(0, +) }
  }

  /// The voxels that belong to some control points: those of all chunks tile the volume. May be empty at its end.
  package func voxels(of region: Box) -> Box {
    let whole = lattice.box
    return Box(
      lower: (0..<3).map { region.lower[$0] == whole.lower[$0] ? 0 : region.lower[$0] * lattice.stride[$0] },
      upper: (0..<3).map { axis in
        let upper = region.upper[axis] == whole.upper[axis] ? lattice.extent[axis] : region.upper[axis] * lattice.stride[axis]
        return max(upper, region.lower[axis] == whole.lower[axis] ? 0 : region.lower[axis] * lattice.stride[axis])
      }
    ).intersection(lattice.extent.box)
  }
}
