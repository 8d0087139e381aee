// SPDX-License-Identifier: Apache-2.0

internal import Transforms
internal import Volumes

/// Coordinates of programs that know no directions: spacing times index along an image's own axes, counted from voxel 0 or from its origin.
enum VoxelFrame {
  /// From voxel 0: bigstream, which takes arrays and their spacing.
  case voxelZero
  /// From the origin that the file gives: BigWarp and OME-NGFF, whose scale and translation have no direction.
  case origin

  init?(of format: TransformFormat) {
    switch format {
    case .bigstream: self = .voxelZero
    case .bigwarp, .ngff: self = .origin
    default: return nil
    }
  }

  private func shift(_ space: PhysicalSpace) -> [Double] {
    switch self {
    case .voxelZero: [Double](repeating: 0, count: 3)
    case .origin: space.origin
    }
  }

  /// From such coordinates of an image to the world.
  func toWorld(_ lattice: FieldLattice) -> AffineTransform {
    let space = lattice.space
    let turned = AffineTransform(matrix: space.direction, offset: [0, 0, 0])(shift(space))
    return AffineTransform(matrix: space.direction, offset: zip(space.origin, turned).map(-))
  }

  /// From the world to such coordinates of an image.
  func fromWorld(_ lattice: FieldLattice) -> AffineTransform { toWorld(lattice).inverse! }

  /// What is assumed where the images are not known.
  func missing(_ fixed: FieldLattice?, _ moving: FieldLattice?) -> [String] {
    let names = [fixed == nil ? "--fixed" : nil, moving == nil ? "--moving" : nil].compactMap(\.self)
    if names.isEmpty { return [] }
    let origin = self == .voxelZero ? "begin at the origin and " : ""
    return [
      "\(names.joined(separator: " and ")) \(names.count == 1 ? "is" : "are") not given: the images are taken to \(origin)have no direction cosines"
    ]
  }
}
