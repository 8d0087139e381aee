// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

extension TransformFolder {
  /// How many fixed voxels an axis are looked at with one read of the local field.
  private static let bucket = 256

  /// Where fixed voxels (fractional, on three axes) go: world positions of the moving image, exactly.
  ///
  /// - Complexity: O(points), and one read of the field for each region of 256 voxels an axis that holds a point.
  public func map(fixedVoxels: [[Double]]) throws -> [[Double]] {
    var result = [[Double]](repeating: [0, 0, 0], count: fixedVoxels.count)
    for (region, members) in buckets(fixedVoxels) {
      let local = try local(over: region)
      for i in members { result[i] = transform.map(fixedVoxel: fixedVoxels[i], local: local) }
    }
    return result
  }

  /// The fixed voxels that go to world positions of the moving image, and the largest distance that remains, in fixed voxels.
  public func invert(world: [[Double]]) throws -> (voxels: [[Double]], largestResidual: Double) {
    let back = transform.affine.inverse
    let starts = world.map { point -> [Double] in
      guard let back else { return [0, 0, 0] }
      let undone = back(point)
      return transform.fixedSpace.index(of: transform.coarseInverse?(undone) ?? undone)
    }
    var result = starts
    var largest = back == nil ? Double.infinity : 0
    for (region, members) in buckets(starts) {
      let around = region.expanded(by: [64, 64, 64]).intersection(fixedExtent.box)
      let local = try local(over: around)
      for i in members {
        guard let found = transform.fixedVoxel(mappedTo: world[i], local: { _ in local }) else { continue }
        result[i] = found.voxel
        largest = max(largest, found.residual)
      }
    }
    return (result, largest)
  }

  private func buckets(_ voxels: [[Double]]) -> [(region: Box, members: [Int])] {
    var groups: [[Int]: [Int]] = [:]
    for (i, voxel) in voxels.enumerated() {
      let cell = (0..<3).map { Int(min(max(voxel[$0], 0), Double(fixedExtent[$0] - 1))) / Self.bucket }
      groups[cell, default: []].append(i)
    }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { cell, members in
      let lower = cell.map { $0 * Self.bucket }
      return (Box(lower: lower, upper: lower.map { $0 + Self.bucket + 1 }).intersection(fixedExtent.box), members)
    }
  }
}
