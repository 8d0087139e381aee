// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Volumes

/// A voxel from which an object is flooded.
struct Seed: Sendable {
  let z: Int
  let y: Int
  let x: Int
}

/// Voxels in the mask that no voxel nearer than `distance` surpasses, in C order.
///
/// Of equal voxels the first in C order counts. Whether a voxel is a seed depends on nothing beyond `distance`.
///
/// - Parameters:
///   - least: values below are no seeds.
///   - distance: semi-axes of an ellipsoid in voxels, z, y, x; at least the neighbours across faces are looked at.
/// - Complexity: O(voxels + candidates × voxels of the ellipsoid).
func seeds(of values: [Float], lattice: Lattice, mask: [UInt8], least: Float, distance: [Double]) -> [Seed] {
  let reach = distance.map { max(1, $0) }
  // Nothing lies further away than the lattice is long.
  let steps = zip(reach, [lattice.z, lattice.y, lattice.x]).map { Int(min($0, Double($1))) }
  var neighbours: [(squared: Double, dz: Int, dy: Int, dx: Int)] = []
  for dz in -steps[0]...steps[0] {
    for dy in -steps[1]...steps[1] {
      for dx in -steps[2]...steps[2] where (dz, dy, dx) != (0, 0, 0) {
        let (a, b, c) = (Double(dz) / reach[0], Double(dy) / reach[1], Double(dx) / reach[2])
        let squared = a * a + b * b + c * c
        if squared <= 1 { neighbours.append((squared, dz, dy, dx)) }
      }
    }
  }
  // The nearest first: most voxels are surpassed by one beside them.
  neighbours.sort { ($0.squared, $0.dz, $0.dy, $0.dx) < ($1.squared, $1.dz, $1.dy, $1.dx) }
  let voxels = values.span
  let marked = mask.span
  var found: [Seed] = []
  for z in 0..<lattice.z {
    for y in 0..<lattice.y {
      let row = (z * lattice.y + y) * lattice.x
      for x in 0..<lattice.x {
        let here = voxels[row + x]
        guard here >= least, marked[row + x] != 0 else { continue }
        var isHighest = true
        for (_, dz, dy, dx) in neighbours {
          let (nz, ny, nx) = (z + dz, y + dy, x + dx)
          guard nz >= 0, nz < lattice.z, ny >= 0, ny < lattice.y, nx >= 0, nx < lattice.x else { continue }
          let there = voxels[(nz * lattice.y + ny) * lattice.x + nx]
          if there > here || (there == here && (dz, dy, dx) < (0, 0, 0)) {
            isHighest = false
            break
          }
        }
        if isHighest { found.append(Seed(z: z, y: y, x: x)) }
      }
    }
  }
  return found
}
