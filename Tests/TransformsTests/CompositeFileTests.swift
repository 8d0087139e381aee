// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Testing
import Transforms
import Volumes

/// Chains of transforms in HDF5.
@Suite(.serialized) struct CompositeFileTests {
  static func chain(rank: Int, unit: LengthUnit? = .millimeter) -> TransformChain {
    let field = TransformFileTests.field(extent: rank == 3 ? [7, 6, 8] : [1, 6, 8], unit: unit)
    let affine = rank == 3 ? TransformFileTests.affine : TransformFileTests.flat.liftedToThreeAxes()
    return TransformChain(rank: rank, parts: [.field(field), .affine(affine)], unit: unit)
  }

  @Test(arguments: [2, 3])
  func aChainComesBackAsItWasWritten(rank: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      for unit in [LengthUnit.millimeter, .micrometer] {
        let chain = Self.chain(rank: rank, unit: unit)
        try chain.writeComposite(to: path)
        let (read, kind) = try TransformChain.read(contentsOf: path)
        #expect(kind == .itkComposite && read.rank == rank && read.parts.count == 2 && read.unit == .millimeter)
        let back = read.converted(to: unit)
        let space = try #require(chain.fields.first).space
        for index in [[0.0, 1.5, 2.25], [0, 4, 6.5]] {
          let world = Array(space.world(of: index).suffix(rank))
          let (here, there) = (try chain.moved(world), try back.moved(world))
          #expect(zip(here, there).allSatisfy { abs($0 - $1) < 1e-5 }, "\(here) \(there)")
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.h5"])
    }
  }

  @Test func aDamagedChainIsAnErrorAndNoCrash() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try Self.chain(rank: 3).writeComposite(to: path)
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      for part in [9, whole.count / 10, whole.count / 2, whole.count - 100] {
        try Data(whole.prefix(part)).write(to: URL(fileURLWithPath: path))
        #expect(throws: TransformError.self) { try TransformChain.read(contentsOf: path) }
      }
      var generator = SeededGenerator(seed: 9)
      for _ in 0..<60 {
        var bytes = whole
        for _ in 0..<4 {
          bytes[Int.random(in: 0..<min(4000, bytes.count), using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        // Either is fine; stopping the program is not.
        _ = try? TransformChain.read(contentsOf: path)
      }
    }
  }

  @Test func aChainThatPassesTheMemoryIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try Self.chain(rank: 3).writeComposite(to: path)
      let error = #expect(throws: TransformError.self) { try TransformChain.read(contentsOf: path, memory: 1000) }
      #expect(error?.message.contains("--memory allows") == true)
      #expect(throws: TransformError.self) { try Self.chain(rank: 3).writeComposite(to: folder.path + "/missing/a.h5") }
    }
  }
}
