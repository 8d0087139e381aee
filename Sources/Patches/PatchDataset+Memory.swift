// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

extension PatchDataset {
  /// The most bytes that a patch takes while it is made, beside the batch: what is read of the largest of its images, and where each voxel is taken from.
  func workBytes(_ places: [SpatialTransform]) -> Double {
    var (factor, bend, isTurned) = (1.0, 0.0, false)
    for place in places {
      switch place {
      case .scale(let range): factor /= range.lowerBound
      // One number in sixteen thousand of a normal distribution is farther out.
      case .elastic(_, let deviation): bend += 4 * deviation
      case .rotate, .transpose: isTurned = true
      case .mirror: break
      }
    }
    let images = raw.map { [$0[0]] } + labels.map { $0.compactMap(\.self) }
    return zip(inputs + targets, images).flatMap { array, images in images.map { (array, $0) } }.map { array, image -> Double in
      let size = array.size
      let diagonal = size.map { $0 * $0 }.reduce(0, +).squareRoot()
      let read = (0..<3).map { axis in
        min(Double(image.extent[axis]), factor * ((isTurned ? diagonal : size[axis]) + 2 * bend) / image.spacing[axis] + 8)
      }
      let voxel = image.voxelType.isInteger && image.voxelType.size > 2 ? 8.0 : 4
      return voxel * read.reduce(1, *) + (places.isEmpty ? 16 : 40) * array.shape.lengths.map(Double.init).reduce(1, *)
    }.max() ?? 0
  }
}
