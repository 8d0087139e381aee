// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Grids
public import Volumes

/// The components of the voxels that are not 0: those that are connected across faces (4 neighbours in 2D, 6 in 3D).
///
/// ITK's `ConnectedComponentImageFilter`: a union of runs.
///
/// - Parameter mask: any rank from 1 to 3 (z, y, x); axes of one voxel are allowed.
/// - Returns: labels from 1 without gaps, in the order of each component's first voxel in C order; 0 where the mask is 0.
/// - Precondition: there are fewer than 2³² components.
/// - Complexity: O(voxels); up to 20 bytes a voxel beside the labels for a mask as rough as noise, far less for objects.
public func connectedComponents(of mask: VoxelBuffer<UInt8>) -> VoxelBuffer<UInt32> {
  var labels = VoxelBuffer<UInt32>(extent: mask.extent)
  if mask.count == 0 { return labels }
  var target = labels.mutableSpan
  let status = citk_components(CITKLattice(mask.extent), mask.span, &target)
  // Extents agree and labels fit: nothing else can go wrong but memory.
  precondition(status.isSuccess, "components of \(mask.extent): \(status.text)")
  return labels
}

/// Floods `landscape` from `markers`, lowest first, across faces and without lines between the basins.
///
/// ITK's `MorphologicalWatershedFromMarkersImageFilter` (S. Beucher and F. Meyer, "The morphological approach to segmentation: the
/// watershed transformation", 1993). Equal heights are flooded in the order in which they are reached.
///
/// - Parameter markers: 0 where voxels are to be flooded.
/// - Complexity: O(voxels × log of the different heights at the flood's front).
func flooded(_ landscape: VoxelBuffer<Float>, from markers: VoxelBuffer<UInt32>) throws -> VoxelBuffer<UInt32> {
  var labels = VoxelBuffer<UInt32>(unwritten: landscape.extent)
  var target = labels.mutableSpan
  let status = citk_watershed(CITKLattice(landscape.extent), landscape.span, markers.span, &target)
  guard status.isSuccess else {
    throw SegmentationError("the watershed of a tile of \(landscape.extent) stopped: \(status.text)", hint: "try smaller tiles")
  }
  return labels
}

extension CITKLattice {
  /// Voxels of size 1 for rank 1 (as one row), 2 or 3.
  init(_ extent: Extent) {
    precondition((1...3).contains(extent.rank), "filters of labels work on one to three axes, not \(extent)")
    let lengths = (extent.rank == 1 ? [1] : []) + extent.lengths
    self.init(
      rank: lengths.count, extent: (lengths[0], lengths[1], lengths.count > 2 ? lengths[2] : 1), spacing: (1, 1, 1), origin: (0, 0, 0),
      direction: (1, 0, 0, 0, 1, 0, 0, 0, 1))
  }
}

extension CITKStatus {
  /// What went wrong.
  var text: String {
    var bytes = [CChar](repeating: 0, count: Int(CITK_MESSAGE_CAPACITY))
    var span = bytes.mutableSpan
    let length = citk_status_message(self, &span)
    return String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
