// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Puts what was made of the tiles together: where several reach a voxel, their mean, weighted by how deep it lies in each
/// (`BlendWindow`). NaN does not count where another tile has a number; infinities do.
struct TileImageBlender {
  let files: TileImageFiles
  let window: BlendWindow

  /// The image in a box.
  func blended(_ box: Box, time: Int, channel: Int) throws -> VoxelBuffer<Float> {
    var result = VoxelBuffer<Float>(extent: box.extent)
    for block in files.grid.blocks(meeting: box) {
      let part = block.core.intersection(box)
      if part.isEmpty { continue }
      let layers = try files.layers(inCoreOf: block, time: time, channel: channel)
      var sums = [Double](repeating: 0, count: part.count)
      var weights = sums
      for layer in layers {
        let inside = layer.box.intersection(part)
        if inside.isEmpty { continue }
        let rank = box.rank
        let axes = (0..<rank).map { axis in inside[axis].map { window.weight(of: layer.block, axis: axis, at: Double($0)) } }
        let (from, to) = (layer.box.extent.strides, part.extent.strides)
        let values = layer.voxels.span
        for row in Box(lower: Array(inside.lower.dropLast()), upper: Array(inside.upper.dropLast())).indices {
          var (source, target) = (inside.lower[rank - 1] - layer.box.lower[rank - 1], inside.lower[rank - 1] - part.lower[rank - 1])
          var weight = 1.0
          for axis in 0..<rank - 1 {
            source += (row[axis] - layer.box.lower[axis]) * from[axis]
            target += (row[axis] - part.lower[axis]) * to[axis]
            weight *= axes[axis][row[axis] - inside.lower[axis]]
          }
          for x in 0..<inside.extent[rank - 1] where !values[source + x].isNaN {
            let own = weight * axes[rank - 1][x]
            // Nothing of an infinity is none.
            if own == 0 { continue }
            sums[target + x] += own * Double(values[source + x])
            weights[target + x] += own
          }
        }
      }
      let values = VoxelBuffer(extent: part.extent, elements: zip(sums, weights).map { $1 > 0 ? Float($0 / $1) : .nan })
      result.copy(from: values, box: values.extent.box, at: part.relative(to: box.lower).lower)
    }
    return result
  }
}
