// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Weft

/// Begins to write predictions, as JSON says it: `{"folder", "classes", "shape", "spacing", "origin", "unit", "patch", "overlap", "dtype", "memory",
/// "inputs"}`, the last six of which may be missing.
@c(weft_writer_open) public func weftWriterOpen(
  _ description: UnsafePointer<CChar>, _ writer: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> UnsafeMutablePointer<CChar>? {
  struct Description: Decodable {
    let folder: String
    let classes: [String]
    let shape: [Int]
    let spacing: [Double]
    let origin: [Double]
    let patch: [Int]
    let unit: String?
    let overlap: [Int]?
    let dtype: VoxelType?
    let memory: Int?
    let inputs: [String]?
  }
  return unsafe failure {
    let wanted = try unsafe JSONDecoder().decode(Description.self, from: Data(String(cString: description).utf8))
    guard wanted.shape.count == 3, wanted.spacing.count == 3, wanted.origin.count == 3, wanted.patch.count == 3,
      (wanted.shape + wanted.patch).allSatisfy({ $0 > 0 && $0 < 1 << 20 }), wanted.spacing.allSatisfy({ $0 > 0 && $0.isFinite })
    else {
      throw PipelineError("shape, spacing, origin and patch need three numbers each (z, y, x)", hint: "lengths and spacings are above zero")
    }
    unsafe writer.pointee = try unsafe handle(
      PredictionWriter(
        to: wanted.folder, classes: wanted.classes, extent: Extent(wanted.shape),
        space: PhysicalSpace(spacing: wanted.spacing, origin: wanted.origin, unit: wanted.unit.flatMap(LengthUnit.init)),
        patch: Extent(wanted.patch), overlap: wanted.overlap, voxelType: wanted.dtype ?? .float32, memory: wanted.memory ?? 1 << 30,
        inputs: wanted.inputs ?? []))
  }
}

/// The lower corner and the lengths of each patch, as JSON: `[[z, y, x, depth, height, width], …]`.
@c(weft_writer_positions) public func weftWriterPositions(_ writer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<CChar>? {
  unsafe try? handedOver(json: object(writer, as: PredictionWriter.self).positions.map { $0.box.lower + $0.box.extent.lengths })
}

/// Takes a patch: classes, z, y, x.
@c(weft_writer_write) public func weftWriterWrite(
  _ writer: UnsafeMutableRawPointer, _ position: Int, _ numbers: UnsafePointer<Float>, _ count: Int
) -> UnsafeMutablePointer<CChar>? {
  unsafe failure {
    let writer = unsafe object(writer, as: PredictionWriter.self)
    guard writer.positions.indices.contains(position) else {
      throw PipelineError("there is no patch \(position): there are \(writer.positions.count), counted from 0")
    }
    try writer.write(unsafe [Float](UnsafeBufferPointer(start: numbers, count: count)), at: writer.positions[position])
  }
}

/// Ends the writing.
@c(weft_writer_finish) public func weftWriterFinish(_ writer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<CChar>? {
  unsafe failure { try unsafe object(writer, as: PredictionWriter.self).finish() }
}
