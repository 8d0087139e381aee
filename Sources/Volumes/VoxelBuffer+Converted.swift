// SPDX-License-Identifier: Apache-2.0

extension VoxelBuffer {
  /// Every voxel converted, saturating; free where the type is the same. O(voxels).
  public func converted<Target: VoxelScalar>(to type: Target.Type) -> VoxelBuffer<Target> {
    if let same = self as? VoxelBuffer<Target> { return same }
    return VoxelBuffer<Target>(extent: extent, elements: saturated(elements, to: type))
  }
}

// Types of voxels are known only at run time; without code made for the pairs that occur, each voxel would cost a dozen generic calls.
@_specialize(where Source == UInt8, Target == Float)
@_specialize(where Source == Int8, Target == Float)
@_specialize(where Source == UInt16, Target == Float)
@_specialize(where Source == Int16, Target == Float)
@_specialize(where Source == UInt32, Target == Float)
@_specialize(where Source == Int32, Target == Float)
@_specialize(where Source == UInt64, Target == Float)
@_specialize(where Source == Int64, Target == Float)
@_specialize(where Source == Double, Target == Float)
@_specialize(where Source == Float, Target == UInt8)
@_specialize(where Source == Float, Target == Int8)
@_specialize(where Source == Float, Target == UInt16)
@_specialize(where Source == Float, Target == Int16)
@_specialize(where Source == Float, Target == UInt32)
@_specialize(where Source == Float, Target == Int32)
@_specialize(where Source == Float, Target == UInt64)
@_specialize(where Source == Float, Target == Int64)
@_specialize(where Source == Float, Target == Double)
private func saturated<Source: VoxelScalar, Target: VoxelScalar>(_ source: [Source], to type: Target.Type) -> [Target] {
  if source.isEmpty { return [] }
  let voxels = source.span
  return unsafe [Target](unsafeUninitializedCapacity: voxels.count) { target, count in
    for i in voxels.indices { unsafe target[i] = voxels[i].saturated(to: type) }
    count = voxels.count
  }
}
