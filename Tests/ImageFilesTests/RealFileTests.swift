// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

@Suite(.enabled(if: sharedData != nil, "the folder of real volumes is missing")) struct RealFileTests {
  private func open(_ name: String) throws -> StoredImage { try ImageFile.open(path: sharedData!.appendingPathComponent(name).path) }

  @Test func brainsOfOppositeOrientationLieInOneSpace() throws {
    let fixed = try open("brain/fixed.nii.gz").volumes().finest
    let moving = try open("brain/moving.nii.gz").volumes().finest
    #expect(fixed.extent == [182, 218, 182] && moving.extent == [181, 217, 181])
    #expect(fixed.space.unit == .millimeter)
    #expect(fixed.space.direction[2][2] != moving.space.direction[2][2])
    // Both heads have their middle within 40 mm of each other.
    let centres = [fixed, moving].map { volume in volume.space.world(of: volume.extent.lengths.map { Double($0) / 2 }) }
    #expect(zip(centres[0], centres[1]).allSatisfy { abs($0 - $1) < 40 })
  }

  @Test func aStackOfPagesIsReadByTheBox() throws {
    let mouse = try open("mouse/brain.tif").volumes().finest
    #expect(mouse.extent == [270, 193, 271] && mouse.source.voxelType == .uint16)
    let box = Box(lower: [100, 50, 60], upper: [104, 120, 200])
    let part = try mouse.read(box)
    #expect(part == (try mouse.load().voxels.cropped(to: box)))
    #expect(part.elements.contains { $0 > 0 })
  }

  @Test func aColourPictureShowsItsLuminance() throws {
    let image = try open("histology/Izd2-29-041-w35_HE.jpg")
    #expect(image.isColour && image.channelCount == 3 && image.levels[0].space.unit == nil)
    let box = Box(lower: [100, 100], upper: [110, 120])
    let luminance = try image.volumes().finest.read(box)
    let channels = try (0..<3).map { try image.volumes(channel: $0).finest.read(box) }
    for i in 0..<box.count {
      let expected = 0.2126 * channels[0].elements[i] + 0.7152 * channels[1].elements[i] + 0.0722 * channels[2].elements[i]
      #expect(abs(luminance.elements[i] - expected) < 0.51)
    }
  }

  @Test func labelsKeepTheirNumbers() throws {
    let labels = try open("nuclei/mask3d.tif").volumes().finest
    #expect(labels.extent == [31, 61, 57])
    #expect(Set(try labels.load().voxels.elements).count == 52)
    #expect(try open("nuclei/img2d.tif").volumes().finest.extent == [512, 512])
  }
}
