// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Transforms
import Volumes

typealias AffineTransform = Transforms.AffineTransform

/// A pair whose map is known: `moving(y) = scene(y)`, `fixed(x) = scene(T(x))`, neither interpolated.
///
/// World positions are micrometres, whatever unit the images' spaces name. 2D pairs have spaces of rank 2; points are z, y, x with z = 0.
struct KnownPair: Sendable {
  let scene: BlobScene
  let extent: Extent
  var fixedSpace: PhysicalSpace
  var movingSpace: PhysicalSpace
  /// World to world.
  let affine: AffineTransform
  /// The longest smooth displacement along an axis, in micrometres.
  let amplitude: Double
  private let length: Double

  /// Turned, scaled and shifted a little about the middle (or as `affine` says), and bent by `amplitude`.
  init(
    _ lengths: [Int], fixed: PhysicalSpace? = nil, moving: PhysicalSpace? = nil, affine: AffineTransform? = nil, amplitude: Double = 1.5,
    seed: UInt64 = 5
  ) {
    extent = Extent(lengths)
    let plain = PhysicalSpace(spacing: lengths.map { _ in 1 }, unit: .micrometer)
    fixedSpace = fixed ?? plain
    movingSpace = moving ?? plain
    self.amplitude = amplitude
    let size = zip(lengths, Self.micrometers(fixedSpace).spacing).map { Double($0) * $1 }
    length = size.max()!
    scene = BlobScene(size: [Double](repeating: 0, count: 3 - lengths.count) + size, seed: seed)
    self.affine = affine ?? Self.slightTurn(about: [Double](repeating: 0, count: 3 - lengths.count) + size.map { $0 / 2 })
  }

  /// About 3 degrees, 3 %, and 2 to 3 micrometres.
  private static func slightTurn(about centre: [Double]) -> AffineTransform {
    let isFlat = centre[0] == 0
    let turn = AffineTransform(
      matrix: [[1, 0, 0], [0, 1.02, -0.05], [0, 0.05, 0.98]], offset: [isFlat ? 0 : 1.5, -2.5, 3])
    return AffineTransform.translation(centre).after(turn).after(.translation(centre.map(-)))
  }

  private static func micrometers(_ space: PhysicalSpace) -> PhysicalSpace { space.converted(to: .micrometer) }

  private static func lifted(_ space: PhysicalSpace) -> PhysicalSpace {
    let space = micrometers(space).liftedToThreeAxes()
    return space
  }

  /// Where a world position goes.
  func map(_ point: [Double]) -> [Double] {
    let bent = (0..<3).map { axis -> Double in
      if point[axis] == 0, extent.rank == 2, axis == 0 { return 0 }
      let other = point[(axis + 1) % 3] + (extent.rank == 2 ? point[1] * 0.3 : 0)
      return point[axis] + amplitude * sin(2 * .pi * other / length + Double(axis))
    }
    return affine(bent)
  }

  private func voxels(_ space: PhysicalSpace, _ place: ([Double]) -> [Double]) -> VoxelBuffer<Float> {
    let lattice = Self.lifted(space)
    let lift = [Int](repeating: 0, count: 3 - extent.rank)
    return VoxelBuffer(
      extent: extent, elements: extent.box.indices.map { Float(scene.value(place(lattice.world(of: (lift + $0).map(Double.init))))) })
  }

  /// The fixed image, in memory.
  var fixed: VoxelBuffer<Float> { voxels(fixedSpace, map) }
  /// The moving image, in memory.
  var moving: VoxelBuffer<Float> { voxels(movingSpace) { $0 } }

  /// Mean distance between where `transforms` take fixed voxels and where they belong, in voxels of the moving image, over the blobs;
  /// and the same for voxels that stay where they are in the world.
  ///
  /// - Parameter counts: which fixed voxels count.
  func errors(
    of transforms: TransformFolder, where counts: ([Int]) -> Bool = { _ in true }
  ) throws -> (before: Double, after: Double) {
    let lattice = Self.lifted(fixedSpace)
    let target = Self.lifted(movingSpace)
    let lift = [Int](repeating: 0, count: 3 - extent.rank)
    var voxels: [[Double]] = []
    var truth: [[Double]] = []
    var still: [[Double]] = []
    for index in extent.box.indices
    where (0..<extent.rank).allSatisfy({ index[$0] % 3 == 1 && index[$0] > 3 && index[$0] < extent[$0] - 4 }) {
      let voxel = (lift + index).map(Double.init)
      let world = lattice.world(of: voxel)
      let there = map(world)
      let place = target.index(of: there)
      let inside = (0..<extent.rank).allSatisfy { axis in
        let at = place[axis + lift.count]
        return at > 1 && at < Double(extent[axis] - 2)
      }
      guard inside, counts(index), scene.value(there) > 250 else { continue }
      voxels.append(voxel)
      truth.append(place)
      still.append(target.index(of: world))
    }
    let found = try transforms.map(fixedVoxels: voxels).map { transforms.movingSpace.index(of: $0) }
    return (Self.meanDistance(still, truth), Self.meanDistance(found, truth))
  }

  private static func meanDistance(_ a: [[Double]], _ b: [[Double]]) -> Double {
    var sum = 0.0
    for (p, q) in zip(a, b) {
      let away = SIMD3(p) - SIMD3(q)
      sum += (away * away).sum().squareRoot()
    }
    return sum / Double(a.count)
  }
}
