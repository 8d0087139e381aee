// SPDX-License-Identifier: Apache-2.0

public import Volumes

/// Whether two label images cut the voxels into the same objects, whatever these are called.
public func isSamePartition<A: VoxelScalar, B: VoxelScalar>(_ a: VoxelBuffer<A>, _ b: VoxelBuffer<B>) -> Bool {
  var (there, back): ([A: B], [B: A]) = ([0: 0], [0: 0])
  for (x, y) in zip(a.elements, b.elements) {
    if there[x, default: y] != y || back[y, default: x] != x { return false }
    there[x] = y
    back[y] = x
  }
  return a.extent == b.extent
}
