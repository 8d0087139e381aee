// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

/// An image on a lattice of equal spacing along the world axes, as Fourier methods need it.
struct CommonLattice {
  let values: VoxelBuffer<Float>
  /// 1 where there is an image, 0 elsewhere.
  let mask: VoxelBuffer<Float>
  let origin: [Double]
  let spacing: Double

  /// `image` moved by the linear map `rotation` (rank 3 rows, about the world's origin), over the box that holds it.
  init(_ image: PreparedImage, rotation: [[Double]], spacing: Double) {
    let turn = Transforms.AffineTransform(matrix: rotation, offset: [0, 0, 0])
    let corners = image.space.corners(of: image.extent).map { turn($0) }
    let lower = (0..<3).map { axis in corners.map { $0[axis] }.min()! }
    let upper = (0..<3).map { axis in corners.map { $0[axis] }.max()! }
    let isFlat = image.rank == 2
    let extent = Extent((0..<3).map { isFlat && $0 == 0 ? 1 : Int(((upper[$0] - lower[$0]) / spacing).rounded(.up)) + 1 })
    let space = PhysicalSpace(spacing: [isFlat ? 1 : spacing, spacing, spacing], origin: lower)
    let map = IndexMap(from: space, to: image.space, through: turn.inverse!)
    let sampler = Sampler(image)
    var values = VoxelBuffer<Float>(extent: extent)
    var mask = values
    var offset = 0
    for z in 0..<extent[0] {
      for y in 0..<extent[1] {
        for x in 0..<extent[2] {
          let position = map.position(z: z, y: y, x: x)
          if let value = sampler.value(position.z, position.y, position.x) {
            values.elements[offset] = value
            mask.elements[offset] = 1
          }
          offset += 1
        }
      }
    }
    self.values = values
    self.mask = mask
    self.origin = lower
    self.spacing = spacing
  }

  /// The values less their mean, falling to zero towards the faces of the lattice (a tenth of each axis, raised cosine).
  var windowed: VoxelBuffer<Float> {
    let count = mask.elements.reduce(0, +)
    let mean = values.elements.reduce(0, +) / max(count, 1)
    let extent = values.extent
    let tapers = (0..<3).map { axis -> [Float] in
      let length = extent[axis]
      let width = max(1, Double(length) / 10)
      return (0..<length).map { i in
        if length == 1 { return 1 }
        let depth = Double(min(i, length - 1 - i)) + 0.5
        return depth >= width ? 1 : Float(0.5 - 0.5 * cos(.pi * depth / width))
      }
    }
    var result = values
    var offset = 0
    for z in 0..<extent[0] {
      for y in 0..<extent[1] {
        for x in 0..<extent[2] {
          result.elements[offset] = mask.elements[offset] * (values.elements[offset] - mean) * tapers[0][z] * tapers[1][y] * tapers[2][x]
          offset += 1
        }
      }
    }
    return result
  }

  /// The world translation that a shift of whole voxels from `self` to `moving` stands for.
  func translation(of peak: CorrelationPeak, to moving: CommonLattice) -> [Double] {
    (0..<3).map { axis in
      moving.origin[axis] - origin[axis] + (values.extent[axis] == 1 && moving.values.extent[axis] == 1 ? 0 : spacing)
        * Double(peak.shift[axis])
    }
  }
}
