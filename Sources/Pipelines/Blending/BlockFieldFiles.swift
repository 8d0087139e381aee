// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Filtering
package import Foundation
package import Grids
package import Transforms
package import Volumes

/// The blocks' own fields on disk, one file a block: the coefficients on the control points of its extended box, in parts as the chunks of
/// the blended field cut it, in each part the z, then the y, then the x components, float32 little-endian; then a digest of each part, 8
/// bytes.
///
/// Blocks without displacement have no file. Reading a box reads and checks only the parts that it meets.
package struct BlockFieldFiles: Sendable {
  /// The folder of fields found as planned.
  let fine: URL
  /// The folder of fields found by another attempt.
  let again: URL
  let lattice: SplineLattice

  /// Files in two folders.
  package init(fine: URL, again: URL, lattice: SplineLattice) {
    self.fine = fine
    self.again = again
    self.lattice = lattice
  }

  /// A field could not be written: not the block's fault.
  struct WriteFailure: LocalizedError {
    let path: String
    let reason: String

    var errorDescription: String? { "\(path) cannot be written: \(reason)" }
    var recoverySuggestion: String? { "free some space, or check that you may write there; then the same command goes on" }
  }

  package func name(of block: Block) -> String { "block-\(block.number).f32" }

  func url(of block: Block, isAgain: Bool) -> URL { (isAgain ? again : fine).appendingPathComponent(name(of: block)) }

  /// The parts of a block's file, in its order: control points.
  private func parts(_ points: Box) -> [Box] {
    let chunk = Extent([Int](repeating: LocalField.chunk, count: 3))
    let stored = points.relative(to: lattice.box.lower)
    let chunks = Box(
      lower: stored.lower.map { $0 / LocalField.chunk }, upper: stored.upper.map { ($0 + LocalField.chunk - 1) / LocalField.chunk })
    return chunks.indices.map { index in
      Box(lower: zip(index, chunk.lengths).map(*), extent: chunk).intersection(stored).translated(by: lattice.box.lower)
    }
  }

  /// Bytes of a block's file.
  func byteCount(of block: Block) -> Int {
    let points = lattice.controlPoints(for: block.extended)
    return 12 * points.count + 8 * parts(points).count
  }

  /// - Parameter threads: the most threads at work; the bytes do not depend on it.
  package func write(_ field: SplineField, of block: Block, isAgain: Bool, threads: Int = 1) throws {
    let points = lattice.controlPoints(for: block.extended)
    precondition(field.region == points, "a block's field covers its extended box")
    var data = Data(capacity: byteCount(of: block))
    let parts = parts(points).concurrentMap(threads: threads) { part in
      let held = field.coefficients.cropped(to: part.relative(to: points.lower))
      // No key path: one for each value takes longer than all the rest.
      let values = (0..<3).flatMap { axis in held[axis].elements.map { $0.bitPattern.littleEndian } }
      let bytes = unsafe values.withUnsafeBytes { unsafe Data($0) }
      return (bytes: bytes, digest: Digest(bytes).value)
    }
    for part in parts { data.append(part.bytes) }
    for part in parts { unsafe withUnsafeBytes(of: part.digest.littleEndian) { unsafe data.append(contentsOf: $0) } }
    let url = url(of: block, isAgain: isAgain)
    do { try data.write(to: url, options: .atomic) } catch {
      throw WriteFailure(path: url.path, reason: RunError.reason(error))
    }
  }

  /// The coefficients of `block` inside `region`.
  ///
  /// - Throws: `DamagedOutput` where they are not what was written.
  package func read(_ block: Block, isAgain: Bool, region: Box) throws -> VectorField {
    let parts = parts(lattice.controlPoints(for: block.extended))
    let url = url(of: block, isAgain: isAgain)
    func damaged(_ reason: String) -> DamagedOutput { DamagedOutput(path: url.path, reason: reason) }
    guard FileManager.default.fileExists(atPath: url.path) else { throw damaged("it is gone") }
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    func read(_ offset: Int, _ length: Int) throws -> Data {
      try handle.seek(toOffset: UInt64(offset))
      guard let data = try handle.read(upToCount: length), data.count == length else { throw damaged("it is shorter than it was") }
      return data
    }
    let digestOffset = 12 * parts.map(\.count).reduce(0, +)
    var result = VectorField(zeros: region.extent)
    var offset = 0
    for (index, part) in parts.enumerated() {
      defer { offset += 12 * part.count }
      let wanted = part.intersection(region)
      if wanted.isEmpty { continue }
      let data = try read(offset, 12 * part.count)
      let stated = unsafe try read(digestOffset + 8 * index, 8).withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt64.self) }
      guard Digest(data).value == UInt64(littleEndian: stated) else { throw damaged("its checksum is another") }
      let words = unsafe data.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt32.self)) }
      for axis in 0..<3 {
        let values = words[axis * part.count..<(axis + 1) * part.count].map { Float(bitPattern: UInt32(littleEndian: $0)) }
        result[axis].copy(
          from: VoxelBuffer(extent: part.extent, elements: values), box: wanted.relative(to: part.lower),
          at: wanted.relative(to: region.lower).lower)
      }
    }
    return result
  }
}
