// SPDX-License-Identifier: Apache-2.0

/// A box in physical units, along the axes of the images; its faces are those of voxels, not their centres.
public struct PhysicalBox: Hashable, Sendable {
  /// The lower corner, z, y, x.
  public var lower: [Double]
  /// The upper corner, z, y, x.
  public var upper: [Double]

  public init(lower: [Double], upper: [Double]) { (self.lower, self.upper) = (lower, upper) }

  /// Whether there is nothing in it.
  public var isEmpty: Bool { zip(lower, upper).contains { $0 >= $1 } }

  /// What both hold.
  public func intersection(_ other: PhysicalBox) -> PhysicalBox {
    PhysicalBox(lower: zip(lower, other.lower).map(max), upper: zip(upper, other.upper).map(min))
  }

  /// With each face moved inwards.
  public func shrunk(by margin: [Double]) -> PhysicalBox {
    PhysicalBox(lower: zip(lower, margin).map(+), upper: zip(upper, margin).map(-))
  }
}
