// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

extension OutputGrid {
  /// Places an axis at which the faces of an image are looked at.
  private static let places = 49

  /// Where an image comes to lie: the least and the greatest voxel of the lattice of the image that was registered there.
  ///
  /// The map is continuous, so that faces of what is moved are faces moved; they are looked at in 49 places an axis.
  static func extremes(
    of image: LazyVolume, named name: String, _ transforms: TransformFolder, _ target: ApplyOptions.Target
  ) throws -> (lower: [Double], upper: [Double]) {
    let world = faces(of: image.extent).map(image.space.world(of:))
    let voxels: [[Double]]
    switch target {
    case .fixed: voxels = try transforms.invert(world: world).voxels
    case .moving:
      voxels = try transforms.map(fixedVoxels: world.map(transforms.transform.fixedSpace.index(of:))).map(
        transforms.movingSpace.index(of:))
    }
    guard voxels.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw PipelineError(
        "\(name) comes to lie nowhere by the transforms, so that nothing can cover it", hint: "leave --extent union out")
    }
    return (
      (0..<3).map { axis in voxels.map { $0[axis] }.min()! }, (0..<3).map { axis in voxels.map { $0[axis] }.max()! }
    )
  }

  /// Voxels on the faces of an image, the outermost centres.
  private static func faces(of extent: Extent) -> [[Double]] {
    let along = extent.lengths.map { length in
      let count = min(places, length)
      return (0..<count).map { count == 1 ? 0 : Double(length - 1) * Double($0) / Double(count - 1) }
    }
    let several = (0..<3).filter { along[$0].count > 1 }
    return Box(lower: [0, 0, 0], upper: along.map(\.count)).indices.filter { place in
      several.isEmpty || several.contains { place[$0] == 0 || place[$0] == along[$0].count - 1 }
    }.map { place in (0..<3).map { along[$0][place[$0]] } }
  }
}
