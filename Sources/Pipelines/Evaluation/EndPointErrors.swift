// SPDX-License-Identifier: Apache-2.0

public import Grids
internal import Transforms
internal import Volumes

/// How far a registration sends points from where they belong, by a phantom's known transform.
///
/// Distances are in voxels: physical distance over the smallest spacing of the phantom. Points are those of a regular lattice over the
/// registered fixed volume that truly lie inside the moving image.
public struct EndPointErrors: Sendable, Hashable, Codable {
  /// Errors of one set of points, without a registration and with it.
  public struct BeforeAndAfter: Sendable, Hashable, Codable {
    /// The error of leaving everything where it is, in physical space.
    public let before: Distribution
    /// The error that the registration leaves.
    public let after: Distribution
  }

  /// Over points inside the organ.
  public let foreground: BeforeAndAfter
  /// Over all points.
  public let all: BeforeAndAfter
  /// Voxels between the points, along z, y, x.
  public let step: [Int]
}

extension EndPointErrors {
  /// Measures the transforms of a run against a phantom.
  ///
  /// - Parameters:
  ///   - transforms: those of a run that registered the phantom's images, or a region of them.
  ///   - truth: the phantom's known transform.
  ///   - points: about how many points are looked at.
  /// - Throws: `PipelineError` where the transforms are of another rank or cover nothing of the phantom; errors of reading the field.
  public init(of transforms: TransformFolder, against truth: PhantomTruth, points: Int = 250_000) throws {
    guard transforms.rank == truth.shape.count else {
      throw PipelineError(
        "the transforms are \(transforms.rank)D and the phantom is \(truth.shape.count)D",
        hint: "give the output of a registration of this phantom")
    }
    let extent = transforms.fixedExtent
    let step = Self.step(extent, points: points)
    self.step = step
    var (before, after): ([Double], [Double]) = ([], [])
    var (innerBefore, innerAfter): ([Double], [Double]) = ([], [])
    let space = truth.liftedSpace.converted(to: transforms.transform.fixedSpace.unit)
    let scene = truth.scene
    let smallest = space.spacing.suffix(truth.shape.count).min() ?? 1
    let counts = Extent(zip(extent.lengths, step).map { ($0 - 1) / $1 + 1 })
    // A few planes of the lattice at once, so that memory stays bounded whatever the volume.
    for slab in counts.box.tiles(of: Extent([8, counts[1], counts[2]])) {
      let voxels = slab.indices.map { index in zip(index, step).map { Double($0 * $1) } }
      let found = try transforms.map(fixedVoxels: voxels)
      for (voxel, reached) in zip(voxels, found) {
        let world = transforms.transform.fixedSpace.world(of: voxel)
        let source = space.index(of: world)
        let target = truth.map(source)
        guard (0..<3).allSatisfy({ target[$0] >= 0 && target[$0] <= Double(truth.lifted[$0] - 1) }) else { continue }
        let right = space.world(of: target)
        let (still, left) = (Self.distance(world, right) / smallest, Self.distance(reached, right) / smallest)
        before.append(still)
        after.append(left)
        if scene.isInside(SIMD3(target[0], target[1], target[2]) * truth.voxelSize) {
          innerBefore.append(still)
          innerAfter.append(left)
        }
      }
    }
    guard !before.isEmpty else {
      throw PipelineError("the transforms cover no point of the phantom", hint: "give the output of a registration of this phantom")
    }
    all = BeforeAndAfter(before: Distribution(of: before), after: Distribution(of: after))
    foreground = BeforeAndAfter(before: Distribution(of: innerBefore), after: Distribution(of: innerAfter))
  }

  /// The mean error that a registration leaves over the organ inside a box of the fixed image, in voxels; `nil` where there is next to
  /// nothing of it.
  ///
  /// - Throws: errors of reading the field.
  public static func mean(of transforms: TransformFolder, against truth: PhantomTruth, in box: Box, points: Int = 4000) throws -> Double? {
    let step = step(box.extent, points: points)
    let counts = Extent(zip(box.extent.lengths, step).map { ($0 - 1) / $1 + 1 })
    let voxels = counts.box.indices.map { index in (0..<3).map { Double(box.lower[$0] + index[$0] * step[$0]) } }
    let space = truth.liftedSpace.converted(to: transforms.transform.fixedSpace.unit)
    let smallest = space.spacing.suffix(truth.shape.count).min() ?? 1
    var errors: [Double] = []
    for (voxel, reached) in zip(voxels, try transforms.map(fixedVoxels: voxels)) {
      let target = truth.map(space.index(of: transforms.transform.fixedSpace.world(of: voxel)))
      guard truth.scene.isInside(SIMD3(target[0], target[1], target[2]) * truth.voxelSize) else { continue }
      errors.append(distance(reached, space.world(of: target)) / smallest)
    }
    return errors.count * 20 >= voxels.count ? errors.reduce(0, +) / Double(errors.count) : nil
  }

  static func distance(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
  }

  private static func step(_ extent: Extent, points: Int) -> [Int] {
    var step = 1
    while extent.lengths.map({ ($0 - 1) / step + 1 }).reduce(1, *) > points { step += 1 }
    return extent.lengths.map { $0 == 1 ? 1 : step }
  }
}
