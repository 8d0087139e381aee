// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Transforms
internal import Volumes

/// How far a registration leaves pairs of landmarks apart, in the moving image, in physical units.
public struct LandmarkErrors: Sendable, Hashable, Codable {
  /// Without a registration: both images laid over each other in physical space.
  public let before: Distribution
  /// With it; `nil` where none was given.
  public let after: Distribution?
  /// The diagonal of the registered fixed volume; `nil` where no registration was given.
  public let diagonal: Double?
  /// The unit of all lengths; `nil` where the images name none.
  public let unit: String?

  /// Measures pairs.
  ///
  /// - Parameters:
  ///   - pairs: points of both images, z, y, x (2D: y, x); physical, or voxels.
  ///   - transforms: those of a run; `nil` measures only how far the pairs are apart.
  ///   - voxels: whether the points are in voxels of their images; needs `transforms`, which know the lattices.
  /// - Throws: `PipelineError` where the ranks do not fit; errors of reading the field.
  public init(of pairs: LandmarkPairs, through transforms: TransformFolder?, voxels: Bool) throws {
    guard let transforms else {
      guard !voxels else {
        throw PipelineError(
          "landmarks in voxels need the images' lattices", hint: "add --transforms DIR, or give physical positions without --voxels")
      }
      before = Distribution(of: zip(pairs.fixed, pairs.moving).map { EndPointErrors.distance($0, $1) })
      (after, diagonal, unit) = (nil, nil, nil)
      return
    }
    guard transforms.rank == pairs.rank else {
      throw PipelineError(
        "the landmarks are \(pairs.rank)D and the transforms are \(transforms.rank)D",
        hint: "name landmarks and transforms of the same images")
    }
    func lifted(_ points: [[Double]]) -> [[Double]] { points.map { [Double](repeating: 0, count: 3 - $0.count) + $0 } }
    let fixedSpace = transforms.transform.fixedSpace
    let moving = voxels ? lifted(pairs.moving).map(transforms.movingSpace.world(of:)) : lifted(pairs.moving)
    let fixedVoxels = voxels ? lifted(pairs.fixed) : lifted(pairs.fixed).map(fixedSpace.index(of:))
    let fixed = fixedVoxels.map(fixedSpace.world(of:))
    let mapped = try transforms.map(fixedVoxels: fixedVoxels)
    before = Distribution(of: zip(fixed, moving).map { EndPointErrors.distance($0, $1) })
    after = Distribution(of: zip(mapped, moving).map { EndPointErrors.distance($0, $1) })
    let sides = (3 - transforms.rank..<3).map { Double(transforms.fixedExtent[$0]) * fixedSpace.spacing[$0] }
    diagonal = sides.map { $0 * $0 }.reduce(0, +).squareRoot()
    unit = fixedSpace.unit?.name
  }
}
