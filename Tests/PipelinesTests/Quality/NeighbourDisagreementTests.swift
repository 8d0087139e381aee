// SPDX-License-Identifier: Apache-2.0

import Grids
import Pipelines
import Registration
import Testing
import Transforms
import Volumes

struct NeighbourDisagreementTests {
  private static let space = PhysicalSpace(spacing: [2, 1, 0.5])

  /// Blocks of 20 voxels along x, displaced by so many voxels along x.
  private func medians(_ displacements: [Float?], tissue: Bool = true) throws -> [Double?] {
    let grid = BlockGrid(extent: [20, 20, 20 * displacements.count], core: [20, 20, 20], halo: [0, 0, 5])
    let blender = FieldBlender(grid: grid, sigma: 0.5, lattice: SplineLattice(extent: grid.extent, stride: 2)) { block, region in
      displacements[block.number].map { value in
        let zero = VoxelBuffer<Float>(extent: region.extent)
        return VectorField(z: zero, y: zero, x: VoxelBuffer(extent: region.extent, repeating: value))
      }
    }
    let mask = VoxelBuffer<UInt8>(extent: grid.extent, repeating: tissue ? 1 : 0)
    let disagreement = NeighbourDisagreement(
      blender: blender, tissue: Mask(voxels: mask, space: Self.space), space: Self.space,
      registered: Set(displacements.indices.filter { displacements[$0] != nil }))
    return try grid.map { try disagreement.median(of: $0) }
  }

  @Test func fieldsThatAgreeLieNowhereApart() throws {
    #expect(try medians([3, 3, 3]) == [0, 0, 0])
  }

  @Test func constantFieldsLieTheirDifferenceApart() throws {
    let found = try medians([1, 3.5])
    #expect(found.allSatisfy { abs($0! - 2.5) < 1e-6 }, "\(found)")
  }

  /// The one in the middle is wrong: it is told by both its neighbours, they by one of two.
  @Test func oneBadNeighbourCountsForHalf() throws {
    let found = try medians([0, 0, 8, 0, 0]).map { $0! }
    #expect(abs(found[2] - 8) < 1e-6 && abs(found[1] - 4) < 1e-6 && found[0] == 0, "\(found)")
  }

  @Test func blocksWithoutAFieldOrWithoutTissueAreNotCompared() throws {
    #expect(try medians([1, nil, 5]) == [nil, nil, nil])
    #expect(try medians([1, 5], tissue: false) == [nil, nil])
  }
}
