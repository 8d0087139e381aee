// SPDX-License-Identifier: Apache-2.0

import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

struct FieldBlenderTests {
  private static func constant(_ value: [Float], _ extent: Extent) -> VectorField {
    VectorField(
      z: VoxelBuffer(extent: extent, repeating: value[0]), y: VoxelBuffer(extent: extent, repeating: value[1]),
      x: VoxelBuffer(extent: extent, repeating: value[2]))
  }

  /// Blocks with a constant each; `nil` displaces nothing.
  private static func blender(_ grid: BlockGrid, stride: Int = 4, sigma: Double = 0.5, _ values: @escaping @Sendable (Block) -> [Float]?)
    -> FieldBlender
  {
    FieldBlender(grid: grid, sigma: sigma, lattice: SplineLattice(extent: grid.extent, stride: stride)) { block, region in
      values(block).map { constant($0, region.extent) }
    }
  }

  @Test func constantFieldsStayConstantToRounding() throws {
    for (number, grid) in BlendWindowTests.randomGrids(60).enumerated() {
      let blender = Self.blender(grid, stride: 1 + number % 5) { _ in [0.7, -3.1, 12.5] }
      let field = try blender.blended(on: blender.lattice.box)
      for (axis, value) in [Float(0.7), -3.1, 12.5].enumerated() {
        let worst = field.coefficients[axis].elements.map { abs($0 / value - 1) }.max()!
        #expect(worst < 1e-6, "\(grid): \(worst)")
      }
    }
  }

  @Test func anyRegionIsThatPartOfTheWhole() throws {
    for (number, grid) in BlendWindowTests.randomGrids(20).enumerated() {
      let blender = Self.blender(grid, stride: 1 + number % 5) { [Float($0.number), Float($0.number % 3), -1] }
      let whole = try blender.blended(on: blender.lattice.box)
      for region in blender.lattice.box.tiles(of: [3, 5, 4]) {
        let part = try blender.blended(on: region)
        #expect(part.coefficients.z == whole.coefficients.z.cropped(to: region.relative(to: whole.region.lower)))
        #expect(part.coefficients.y == whole.coefficients.y.cropped(to: region.relative(to: whole.region.lower)))
      }
    }
  }

  /// A narrow Gaussian falls below what `Float` can hold; the blend must not have holes there.
  @Test(arguments: [0.01, 0.05, 0.1, 3]) func aNarrowGaussianLeavesNoHoles(sigma: Double) throws {
    let grid = BlockGrid(extent: [40, 40, 40], core: [20, 20, 20], halo: [8, 8, 8])
    let blender = Self.blender(grid, stride: 1, sigma: sigma) { _ in [2, 2, 2] }
    let field = try blender.blended(on: blender.lattice.box)
    #expect(field.coefficients.x.elements.allSatisfy { abs($0 - 2) < 1e-5 })
  }

  @Test func zeroFieldsLeaveTheCoarseResultBitForBit() throws {
    let grid = BlockGrid(extent: [20, 24, 28], core: [10, 11, 12], halo: [3, 4, 5])
    let space = PhysicalSpace(spacing: [1.1, 0.7, 0.9])
    let affine = AffineTransform(matrix: [[1, 0.1, 0], [-0.1, 0.9, 0.03], [0, 0.2, 1.1]], offset: [1.3, 2.7, -3.1])
    let transform = ComposedTransform(affine: affine, coarse: nil, fixedSpace: space)
    for isStored in [true, false] {
      let blender = Self.blender(grid) { _ in isStored ? [0, 0, 0] : nil }
      let field = try blender.blended(on: blender.lattice.box)
      #expect(field == SplineField(zeros: blender.lattice, region: blender.lattice.box))
      let with = transform.mapped(grid.extent.box, local: field, to: space)
      let without = transform.mapped(grid.extent.box, local: nil, to: space)
      #expect(with.positions == without.positions && with.base == without.base)
    }
  }

  /// Mean change from plane to plane of the x component along x, and the change of that change.
  private static func changes(_ field: SplineField, _ extent: Extent) -> (first: [Double], second: [Double]) {
    let dense = field.dense(over: extent.box).x
    var planes = [Double](repeating: 0, count: extent[2])
    for (offset, value) in dense.elements.enumerated() { planes[offset % extent[2]] += Double(value) / Double(extent[0] * extent[1]) }
    let first = zip(planes.dropFirst(), planes).map { $0 - $1 }
    return (first, zip(first.dropFirst(), first).map { $0 - $1 })
  }

  @Test func theFieldAndItsFirstDifferenceHaveNoJumpAtAFace() throws {
    // Two blocks that disagree by two voxels; without a halo they meet in a step.
    for (halo, isSmooth) in [(12, true), (8, true), (0, false)] {
      let grid = BlockGrid(extent: [6, 6, 62], core: [6, 6, 31], halo: [0, 0, halo])
      let blender = Self.blender(grid, stride: 1) { $0.index[2] == 0 ? [0, 0, 1] : [0, 0, -1] }
      let (first, second) = Self.changes(try blender.blended(on: blender.lattice.box), grid.extent)
      // The face lies between planes 30 and 31: compare with planes inside the blocks.
      let change = abs(first[30])
      let nearby = max(abs(first[29]), abs(first[31]))
      let bend = max(abs(second[29]), abs(second[30]))
      let elsewhere = second.indices.filter { $0 != 29 && $0 != 30 }.map { abs(second[$0]) }.max()!
      #expect((change < 1.5 * nearby && bend < 1.5 * elsewhere) == isSmooth, "halo \(halo): \(change) \(nearby) \(bend) \(elsewhere)")
    }
  }

  @Test func aBlockWithoutAFieldFadesItsNeighbours() throws {
    let grid = BlockGrid(extent: [6, 6, 80], core: [6, 6, 40], halo: [0, 0, 16])
    let blender = Self.blender(grid) { $0.index[2] == 0 ? [0, 0, 4] : nil }
    let along = (0..<80).map { x in (try? blender.blended(on: blender.lattice.box).displacement(at: [3, 3, Double(x)])[2]) ?? .nan }
    #expect(abs(along[10] - 4) < 1e-5 && abs(along[68]) < 1e-5)
    #expect(abs((along[39] + along[40]) / 2 - 2) < 0.05)
    #expect(zip(along.dropFirst(), along).allSatisfy { $0 <= $1 + 1e-5 })
  }
}
