// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Transforms
import Volumes

/// The lattice of both images of `withFlatTransforms`.
let flatLattice = (extent: [80, 90] as Extent, space: PhysicalSpace(spacing: [0.5, 0.5], origin: [2, 3], unit: .micrometer))

/// A finished registration in the plane, in `out` of a folder, by an affine map, after a coarse warp where one is given, and nothing else.
func withFlatTransforms(_ affine: AffineTransform, coarse: DisplacementField? = nil, _ body: (_ folder: URL) async throws -> Void)
  async throws
{
  try await withTemporaryFolder { folder in
    let space = flatLattice.space.liftedToThreeAxes()
    let extent: Extent = [1, flatLattice.extent[0], flatLattice.extent[1]]
    let moving = LazyVolume(Volume(voxels: VoxelBuffer(extent: extent), space: space), name: "moving")
    let transform = ComposedTransform(affine: affine.liftedToThreeAxes(), coarse: coarse, fixedSpace: space)
    let place = folder.appendingPathComponent("out/transforms")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try TransformFolder.write(transform, fixed: extent, moving: moving, rank: 2, to: place)
    try await body(folder)
  }
}
