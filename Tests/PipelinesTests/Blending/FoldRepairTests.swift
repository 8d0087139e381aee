// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// A coarse warp and a local field that both squeeze along x at the same place, where two chunks meet.
struct FoldRepairTests {
  private static let extent: Extent = [24, 24, 200]
  private static let space = PhysicalSpace(spacing: [1, 1, 1], unit: .micrometer)
  private static let place = 124.0

  /// A displacement along x of the given slope at the place, fading out two thirds of a period away.
  private static func squeeze(_ x: Double, slope: Double) -> Float {
    let away = x - place
    return Float(slope * 32 / (2 * .pi) * sin(2 * .pi * away / 32) * exp(-pow(away / 40, 4)))
  }

  private func warp(slope: Double) -> DisplacementField {
    let extent: Extent = [7, 7, 51]
    var field = VectorField(zeros: extent)
    for index in extent.box.indices { field.x[index] = Self.squeeze(Double(4 * index[2]), slope: slope) }
    return DisplacementField(vectors: field, space: PhysicalSpace(spacing: [4, 4, 4], unit: .micrometer))
  }

  private func local(slope: Double, on lattice: SplineLattice) -> SplineField {
    var field = SplineField(zeros: lattice, region: lattice.box)
    for index in lattice.box.indices {
      field.coefficients.x[zip(index, lattice.box.lower).map(-)] = Self.squeeze(Double(4 * index[2]), slope: slope)
    }
    return field
  }

  private struct Found {
    var before = MapCheck()
    var after = MapCheck()
    var repaired = 0
    var fieldBefore: SplineField
    var fieldAfter: SplineField
  }

  /// Checks and repairs the map of a warp and a local field that squeeze so much.
  private func check(warp coarse: Double, local slope: Double, extent: Extent = Self.extent) throws -> Found {
    let lattice = SplineLattice(extent: extent, stride: 4)
    let regions = FieldRegions(lattice)
    let affine = AffineTransform(
      matrix: extent[0] == 1 ? [[1, 0, 0], [0, 1, 0.5], [0, 0, 1]] : [[0, 2, 0], [-1, 0, 0.5], [0, 0, 1]], offset: [3, 2, 1])
    let transform = ComposedTransform(affine: affine, coarse: warp(slope: coarse), fixedSpace: Self.space)
    return try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("field").path
      try LocalField.createIfMissing(at: path, lattice: lattice, space: Self.space)
      let field = try LocalField.open(at: path, lattice: lattice)
      let before = local(slope: slope, on: lattice)
      for region in (0..<regions.tasks).flatMap({ regions.chunks($0) }) {
        let part = region.relative(to: lattice.box.lower)
        let held = VectorField(
          z: before.coefficients.z.cropped(to: part), y: before.coefficients.y.cropped(to: part), x: before.coefficients.x.cropped(to: part)
        )
        try field.write(SplineField(lattice: lattice, region: region, coefficients: held))
      }
      var found = Found(fieldBefore: before, fieldAfter: before)
      let inspector = MapInspector(
        transform: transform, field: field, extent: extent, moving: Self.space, movingExtent: extent, threshold: 0.05)
      var checks = try (0..<regions.tasks).map { try inspector.check(regions.voxels(of: regions.region($0))).check }
      for check in checks { found.before.add(check) }
      let suspects = checks.indices.filter { checks[$0].isSuspect }
      let repair = try FoldRepair(regions: regions, inspector: inspector).run(field, suspects: suspects)
      for (task, check) in repair.checks { checks[task] = check }
      for check in checks { found.after.add(check) }
      #expect(repair.isComplete)
      found.repaired = repair.controlPoints
      found.fieldAfter = try field.field(on: lattice.box)
      return found
    }
  }

  @Test func aFoldOfTheWholeMapThatTheLocalFieldAloneDoesNotShowIsRepaired() throws {
    let found = try check(warp: -0.92, local: -0.92)
    let own = jacobianDeterminant(of: found.fieldBefore.dense(over: Self.extent.box)).elements.min()!
    #expect(own > 0.1, "x + u(x) alone is sound: \(own)")
    let warpAlone = try check(warp: -0.92, local: 0)
    #expect(warpAlone.repaired == 0 && warpAlone.after.minimum > 0.1, "so is the warp")
    #expect(found.before.minimum < 0.05 && found.before.isSuspect)
    #expect(found.repaired > 0 && found.after.minimum > 0.05 && found.after.folded == 0, "\(found.after)")
    // Far from the fold nothing changes.
    let far = Box(lower: [0, 0, 0], upper: [9, 9, 20])
    let isUntouched = found.fieldAfter.coefficients.x.cropped(to: far) == found.fieldBefore.coefficients.x.cropped(to: far)
    let isChanged = found.fieldAfter != found.fieldBefore
    #expect(isUntouched && isChanged)
  }

  @Test func aPlaneIsRepairedInItsPlane() throws {
    let found = try check(warp: -0.92, local: -0.92, extent: [1, 24, 200])
    #expect(found.repaired > 0 && found.after.minimum > 0.05)
    #expect(found.fieldAfter.coefficients.z.elements.allSatisfy { $0 == 0 })
  }

  @Test func aMapThatIsSoundIsNotTouched() throws {
    let found = try check(warp: -0.5, local: -0.5)
    let isUntouched = found.fieldAfter == found.fieldBefore
    #expect(found.repaired == 0 && isUntouched)
    #expect(found.after.folded == 0 && abs(found.after.minimum - 0.25) < 0.1, "\(found.after)")
  }

  @Test func aWarpThatFoldsByItselfIsCountedAndTheLocalFieldLeft() throws {
    let found = try check(warp: -1.5, local: -0.2)
    let isUntouched = found.fieldAfter == found.fieldBefore
    #expect(found.repaired == 0 && isUntouched)
    #expect(found.after.coarseFolded > 0 && found.after.folded == found.after.coarseFolded && found.after.minimum < 0, "\(found.after)")
  }

  @Test(arguments: [[1, 40, 130], [24, 24, 200], [129, 7, 300]] as [Extent])
  func theVoxelsOfAllRegionsTileTheVolume(extent: Extent) {
    let regions = FieldRegions(SplineLattice(extent: extent, stride: 4))
    var owners = VoxelBuffer<UInt8>(extent: extent)
    for task in 0..<regions.tasks {
      let voxels = regions.voxels(of: regions.region(task))
      for voxel in voxels.indices {
        owners[voxel] += 1
        #expect(voxel.enumerated().contains { $1 % 37 != 0 } || regions.tasks(meeting: Box(lower: voxel, extent: [1, 1, 1])) == [task])
      }
    }
    #expect(owners.elements.allSatisfy { $0 == 1 })
  }
}
