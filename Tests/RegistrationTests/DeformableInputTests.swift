// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Registration
import Testing
import Volumes

struct DeformableInputTests {
  let phantom = DeformablePhantom([1, 90, 100], amplitude: 3, seed: 3)

  @Test func voxelsOutsideTheMasksDoNotPull() throws {
    // A bright bar that is in one image only, under the mask and, elsewhere, not a number.
    var fixed = phantom.fixed
    var mask = VoxelBuffer<UInt8>(extent: fixed.extent, repeating: 1)
    for y in 0..<90 {
      for x in 40..<50 {
        fixed[[0, y, x]] = y < 45 ? .nan : 30
        mask[[0, y, x]] = y < 45 ? 1 : 0
      }
    }
    let result = try registerDeformable(fixed: fixed, moving: phantom.moving, fixedMask: mask)
    let visible = phantom.visible.filter { !(36..<54).contains($0 % 100) }
    let far = visible.filter { i in
      let (dy, dx) = (
        result.forward.y.elements[i] - phantom.truth.y.elements[i], result.forward.x.elements[i] - phantom.truth.x.elements[i]
      )
      return dy * dy + dx * dx > 1
    }
    #expect(Double(far.count) < 0.03 * Double(visible.count))
  }

  @Test func aMovingMaskHidesWhatItCovers() throws {
    var moving = phantom.moving
    var mask = VoxelBuffer<UInt8>(extent: moving.extent, repeating: 1)
    for y in 30..<60 {
      for x in 0..<8 {
        moving[[0, y, x]] = 50
        mask[[0, y, x]] = 0
      }
    }
    let result = try registerDeformable(fixed: phantom.fixed, moving: moving, movingMask: mask)
    #expect(phantom.error(of: result.forward) < 0.2 * phantom.error(of: VectorField(zeros: moving.extent)))
  }

  @Test func imagesWithoutContrastAreRefused() {
    let flat = VoxelBuffer<Float>(extent: phantom.fixed.extent, repeating: 3)
    let empty = VoxelBuffer<Float>(extent: phantom.fixed.extent, repeating: .nan)
    #expect { try registerDeformable(fixed: phantom.fixed, moving: flat) } throws: {
      ($0 as? RegistrationError)?.message == "the moving image is constant where it counts"
    }
    #expect { try registerDeformable(fixed: empty, moving: phantom.moving) } throws: {
      ($0 as? RegistrationError)?.message == "the fixed image has no voxel that counts"
    }
  }

  @Test func whatDoesNotFitIsRefused() {
    let other = VoxelBuffer<Float>(extent: [1, 90, 99], repeating: 1)
    #expect { try registerDeformable(fixed: phantom.fixed, moving: other) } throws: {
      ($0 as? RegistrationError)?.message == "the moving image has 1×90×99 voxels, the fixed image 1×90×100"
    }
    #expect(throws: RegistrationError.self) {
      try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, initial: VectorField(zeros: [1, 2, 3]))
    }
    #expect(throws: RegistrationError.self) {
      try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, spacing: [1, 0, 1])
    }
    #expect(throws: RegistrationError.self) {
      try registerDeformable(fixed: phantom.fixed.reshaped(to: [90, 100]), moving: phantom.moving.reshaped(to: [90, 100]))
    }
    var options = DeformableOptions()
    options.totalSigma = .nan
    #expect(throws: RegistrationError.self) { try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, options: options) }
  }

  @Test func cancellingStopsAtOnce() {
    var steps = 0
    #expect(throws: CancellationError.self) {
      try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, isCancelled: { true }, progress: { _ in steps += 1 })
    }
    #expect(steps == 0)
  }

  @Test func progressTellsEachStep() throws {
    var seen: [DeformableProgress] = []
    let result = try registerDeformable(fixed: phantom.fixed, moving: phantom.moving, progress: { seen.append($0) })
    #expect(seen.count == result.levels.map(\.iterations).reduce(0, +))
    #expect(seen.last?.level == result.levels.count - 1)
  }

  @Test(arguments: [[2, 2, 2], [1, 1, 40], [1, 3, 70], [5, 1, 33], [3, 40, 1]]) func smallAndThinImagesRun(lengths: [Int]) throws {
    let extent = Extent(lengths)
    let fixed = pattern(extent, shift: 0)
    for symmetric in [false, true] {
      var options = DeformableOptions()
      options.symmetric = symmetric
      let result = try registerDeformable(fixed: fixed, moving: pattern(extent, shift: 0.5), options: options)
      for axis in 0..<3 {
        #expect(result.forward[axis].elements.allSatisfy { $0.isFinite })
        if extent[axis] == 1 { #expect(result.forward[axis].elements.allSatisfy { $0 == 0 }) }
      }
    }
  }
}
