// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

/// A block's own field on disk: the coefficients on the control points of its extended box, float32 little-endian, z then y then x
/// components. Blocks without displacement have no file.
struct BlockFieldFile: Sendable {
  let folder: URL
  let lattice: SplineLattice

  func url(of block: Block) -> URL { folder.appendingPathComponent("block-\(block.number).f32") }

  func write(_ field: SplineField, of block: Block) throws {
    precondition(field.region == lattice.controlPoints(for: block.extended), "a block's field covers its extended box")
    let values = (0..<3).flatMap { field.coefficients[$0].elements.map(\.bitPattern.littleEndian) }
    let data = unsafe values.withUnsafeBytes { unsafe Data($0) }
    try data.write(to: url(of: block), options: .atomic)
  }

  /// The coefficients of `block` inside `region`; `nil` where the block displaces nothing.
  func read(_ block: Block, region: Box) throws -> VectorField? {
    let all = lattice.controlPoints(for: block.extended)
    let file = url(of: block)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let data = try Data(contentsOf: file)
    guard data.count == 12 * all.count else {
      throw PipelineError(
        "\(file.path) holds \(data.count) bytes, and \(12 * all.count) are needed", hint: "remove the output and run again")
    }
    let values = unsafe data.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt32.self)) }
    func component(_ axis: Int) -> VoxelBuffer<Float> {
      let elements = values[axis * all.count..<(axis + 1) * all.count].map { Float(bitPattern: UInt32(littleEndian: $0)) }
      return VoxelBuffer(extent: all.extent, elements: elements).cropped(to: region.relative(to: all.lower))
    }
    return VectorField(z: component(0), y: component(1), x: component(2))
  }
}
