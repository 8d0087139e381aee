// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// A lattice in space as JSON holds it, axes z, y, x.
struct SpaceRecord: Codable, Equatable {
  var extent: [Int]
  var spacing: [Double]
  var origin: [Double]
  var direction: [[Double]]
  var unit: String?

  init(extent: Extent, space: PhysicalSpace) {
    self.extent = extent.lengths
    spacing = space.spacing
    origin = space.origin
    direction = space.direction
    unit = space.unit?.name
  }

  /// - Throws: `PipelineError` where the numbers do not make a lattice.
  func space(in file: String) throws -> PhysicalSpace {
    let rank = extent.count
    guard rank == 3, spacing.count == rank, origin.count == rank, direction.count == rank, direction.allSatisfy({ $0.count == rank }),
      spacing.allSatisfy({ $0 > 0 }), extent.allSatisfy({ $0 > 0 })
    else { throw PipelineError("\(file) does not describe a lattice of three axes", hint: "run the registration again") }
    return PhysicalSpace(spacing: spacing, origin: origin, direction: direction, unit: unit.flatMap { LengthUnit($0) })
  }
}
