// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

struct BlockFieldFilesTests {
  private let grid = BlockGrid(extent: [20, 30, 200], core: [20, 15, 150], halo: [0, 4, 4])
  private var lattice: SplineLattice { SplineLattice(extent: grid.extent, stride: 4) }

  private func files(_ folder: URL) throws -> BlockFieldFiles {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return BlockFieldFiles(fine: folder, again: folder.appendingPathComponent("none"), lattice: lattice)
  }

  private func field(of block: Block) -> SplineField {
    let all = lattice.controlPoints(for: block.extended)
    var field = SplineField(zeros: lattice, region: all)
    for axis in 0..<3 { for i in 0..<all.count { field.coefficients[axis].elements[i] = Float(1000 * axis + i) } }
    return field
  }

  @Test func aPartIsReadAsItWasWritten() throws {
    try withTemporaryFolder { folder in
      let files = try files(folder)
      let block = grid[2]
      let field = field(of: block)
      let all = field.region
      try files.write(field, of: block, isAgain: false)
      let parts = [
        all, Box(lower: all.lower, extent: [1, 1, 1]), Box(lower: all.lower.map { $0 + 1 }, upper: all.upper.map { $0 - 2 }),
        Box(lower: [all.upper[0] - 1, all.lower[1], all.upper[2] - 3], upper: all.upper),
      ]
      for part in parts {
        let read = try files.read(block, isAgain: false, region: part)
        for axis in 0..<3 { #expect(read[axis] == field.coefficients[axis].cropped(to: part.relative(to: all.lower))) }
      }
    }
  }

  @Test func aFlippedBitShowsWhereItIsRead() throws {
    try withTemporaryFolder { folder in
      let files = try files(folder)
      let block = grid[2]
      let all = lattice.controlPoints(for: block.extended)
      try files.write(field(of: block), of: block, isAgain: false)
      let url = folder.appendingPathComponent(files.name(of: block))
      var data = try Data(contentsOf: url)
      data[5] ^= 4
      try data.write(to: url)
      // Parts end where chunks of the blended field do.
      let x = lattice.box.lower[2] + 32
      #expect(all.lower[2] < x && x < all.upper[2])
      let first = Box(lower: [all.lower[0], all.lower[1], x - 1], upper: [all.lower[0] + 1, all.upper[1], x])
      #expect(throws: DamagedOutput.self) { try files.read(block, isAgain: false, region: first) }
      _ = try files.read(block, isAgain: false, region: Box(lower: [all.lower[0], all.lower[1], x], upper: all.upper))
      try data.dropLast(3).write(to: url)
      #expect(throws: DamagedOutput.self) { try files.read(block, isAgain: false, region: all) }
    }
  }
}
