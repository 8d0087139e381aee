// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// A pair of planes given as volumes of one plane, as the 2D images that they are.
struct FlatPair {
  let fixed: Volume
  let moving: Volume
  let fixedMask: Mask?
  let movingMask: Mask?
  /// How far the planes lie apart along z.
  private let step: Double

  /// `nil` unless both images have three axes, one voxel along z, and z to themselves.
  ///
  /// Throws where one of the images is a plane and the other is not.
  init?(fixed: Volume, moving: Volume, fixedMask: Mask?, movingMask: Mask?) throws {
    guard fixed.space.rank == 3, moving.space.rank == 3 else { return nil }
    let flatness = [fixed.extent[0] == 1, moving.extent[0] == 1]
    guard flatness.contains(true) else { return nil }
    guard !flatness.contains(false) else {
      throw RegistrationError(
        .rankMismatch, "one image is a single plane, the other a volume: fixed \(fixed.extent), moving \(moving.extent)",
        hint: "2D registers with 2D and 3D with 3D; select a plane of the volume first")
    }
    guard fixed.space.isUpright, moving.space.isUpright else { return nil }
    self.fixed = fixed.flattened
    self.moving = moving.flattened
    self.fixedMask = fixedMask.map(\.flattened)
    self.movingMask = movingMask.map(\.flattened)
    step = moving.space.origin[0] - fixed.space.origin[0]
  }

  /// A map of the plane as one of space.
  func lifted(_ transform: AffineTransform) -> AffineTransform {
    var result = transform.threeAxisForm
    result.offset[0] = step
    return result
  }
}

extension PhysicalSpace {
  /// Whether the z axis is along z and no other axis is.
  fileprivate var isUpright: Bool {
    direction[0][0] == 1 && direction[0][1] == 0 && direction[0][2] == 0 && direction[1][0] == 0 && direction[2][0] == 0
  }

  fileprivate var flattened: PhysicalSpace {
    PhysicalSpace(
      spacing: Array(spacing[1...]), origin: Array(origin[1...]), direction: direction[1...].map { Array($0[1...]) }, unit: unit)
  }
}

extension Volume {
  fileprivate var flattened: Volume {
    Volume(voxels: voxels.reshaped(to: Extent(Array(extent.lengths[1...]))), space: space.flattened)
  }
}

extension Mask {
  /// The first plane; a mask of two axes as it is.
  fileprivate var flattened: Mask {
    guard space.rank == 3 else { return self }
    let plane = Extent(Array(voxels.extent.lengths[1...]))
    return Mask(voxels: VoxelBuffer(extent: plane, elements: Array(voxels.elements.prefix(plane.count))), space: space.flattened)
  }
}
