// SPDX-License-Identifier: Apache-2.0

package import Grids

/// The three lengths of a lattice as kernels take them; 2D is one plane.
package struct Lattice: Sendable, Equatable {
  package let z: Int
  package let y: Int
  package let x: Int

  package init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// - Precondition: the extent has three axes and fewer than 2³¹ voxels.
  package init(_ extent: Extent) {
    precondition(extent.rank == 3, "kernels work on three axes, not \(extent)")
    precondition(extent.count < Int(Int32.max), "\(extent) has too many voxels for one kernel")
    self.init(z: extent[0], y: extent[1], x: extent[2])
  }

  package var count: Int { z * y * x }
  package var lengths: [Int] { [z, y, x] }
  package var extent: Extent { [z, y, x] }
}
