// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Volumes

/// `(image - shift) × scale` where a voxel is a number and in the mask, else 0, and where that is.
package func normalised(
  _ image: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>?, shift: Float, scale: Float, threads: Int
) -> (values: [Float], valid: [UInt8]) {
  let masked = mask?.elements ?? []
  precondition(mask.map { $0.extent == image.extent } ?? true, "the mask of an image of \(image.extent) has another extent")
  var values = [Float](unwritten: image.count)
  var valid = [UInt8](unwritten: image.count)
  var valueSpan = values.mutableSpan
  var validSpan = valid.mutableSpan
  ckernels_normalise(image.span, masked.span, &valueSpan, &validSpan, shift, scale, Int32(threads))
  return (values, valid)
}

/// How many voxels of an image count, their mean and their variance.
package struct Moments: Sendable {
  package let count: Int
  package let mean: Double
  package let variance: Double

  /// - Parameter mask: where voxels count; `nil`: everywhere.
  package init(of image: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>?, threads: Int) {
    let masked = mask?.elements ?? []
    var moments = [0.0, 0.0, 0.0]
    var span = moments.mutableSpan
    ckernels_moments(image.span, masked.span, &span, Int32(threads))
    count = Int(moments[0])
    mean = moments[1]
    variance = moments[2]
  }
}

extension VoxelBuffer<Float> {
  /// Not a number where `valid` is 0: such voxels take no part in means and windows.
  package func masked(by valid: VoxelBuffer<UInt8>, threads: Int) -> VoxelBuffer {
    precondition(valid.extent == extent, "a mask of \(valid.extent) does not fit an image of \(extent)")
    return VoxelBuffer(extent: extent, elements: elements.masked(by: valid.elements, threads: threads))
  }
}

extension [Float] {
  /// Not a number where `valid` is 0.
  package func masked(by valid: [UInt8], threads: Int) -> [Float] {
    var result = [Float](unwritten: count)
    var target = result.mutableSpan
    ckernels_masked(span, valid.span, &target, Int32(threads))
    return result
  }

  /// The least and the greatest of the values that are numbers; infinity and its negative where there are none.
  package func extremes(threads: Int = 1) -> (least: Float, most: Float) {
    var both: [Float] = [.infinity, -.infinity]
    var target = both.mutableSpan
    ckernels_extremes(span, &target, Int32(threads))
    return (both[0], both[1])
  }
}

extension VectorField {
  /// The largest size of any component, in voxels.
  public func longestComponent(threads: Int = 1) -> Float {
    (0..<3).reduce(0) { longest, axis in
      let (least, most) = self[axis].elements.extremes(threads: threads)
      return max(longest, -least, most)
    }
  }
}
