// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

extension TransformFolder {
  /// How many fixed voxels an axis are looked at with one read of the local field.
  private static let bucket = 128

  /// Where fixed voxels (fractional, on three axes) go: world positions of the moving image, exactly.
  ///
  /// - Complexity: O(points), and one read of the field for each region of 128 voxels an axis that holds a point.
  public func map(fixedVoxels: [[Double]]) throws -> [[Double]] {
    var result = [[Double]](repeating: [0, 0, 0], count: fixedVoxels.count)
    for (region, members) in buckets(fixedVoxels) {
      let local = try local(over: region)
      for i in members { result[i] = transform.map(fixedVoxel: fixedVoxels[i], local: local) }
    }
    return result
  }

  /// The fixed voxels that go to world positions of the moving image, by `InverseSearch` from where the inverses of affine map and coarse
  /// warp lead, and the largest distance that remains inside the fixed image, in its finest voxels.
  public func invert(world: [[Double]]) throws -> (voxels: [[Double]], largestResidual: Double) {
    guard let back = transform.affine.inverse else { return (world.map { _ in [0, 0, 0] }, .infinity) }
    let (space, voxel) = (transform.fixedSpace, fixedLattice.finestSpacing)
    // The affine map is undone exactly.
    let bent = PartedMap(try parts().parts.filter { if case .displacement = $0 { true } else { false } })
    var targets = world.map { SIMD3($0[0], $0[1], $0[2]) }
    back.move(&targets)
    var starts = targets
    if let inverse = transform.coarseInverse { FieldMap(inverse, edge: .nearest).move(&starts) }
    let search = InverseSearch(tolerance: Self.pointTolerance * voxel, voxel: voxel)
    var result = starts.map { space.index(of: [$0[0], $0[1], $0[2]]) }
    var largest = 0.0
    for (_, members) in buckets(result) {
      let found = try search.places(mappedTo: members.map { targets[$0] }, from: members.map { starts[$0] }, by: bent)
      for (i, (place, residual)) in zip(members, zip(found.places, found.residuals)) {
        result[i] = space.index(of: [place[0], place[1], place[2]])
        let isInside = (0..<3).allSatisfy { result[i][$0] >= -0.5 && result[i][$0] <= Double(fixedExtent[$0]) - 0.5 }
        if isInside { largest = max(largest, residual / voxel) }
      }
    }
    return (result, largest)
  }

  /// How near to its place a point is brought, in the finest fixed voxels.
  private static let pointTolerance = 1e-4

  private func buckets(_ voxels: [[Double]]) -> [(region: Box, members: [Int])] {
    var groups: [[Int]: [Int]] = [:]
    for (i, voxel) in voxels.enumerated() {
      let cell = (0..<3).map { Int(voxel[$0].bounded(to: 0...Double(fixedExtent[$0] - 1))) / Self.bucket }
      groups[cell, default: []].append(i)
    }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { cell, members in
      let lower = cell.map { $0 * Self.bucket }
      return (Box(lower: lower, upper: lower.map { $0 + Self.bucket + 1 }).intersection(fixedExtent.box), members)
    }
  }
}
