// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
package import Foundation
package import Grids
package import Transforms
package import Volumes

/// The blocks' own fields on disk, one file a block: the coefficients on the control points of its extended box, plane by plane of control
/// points, in each plane the z, then the y, then the x components, float32 little-endian; then a digest of each plane, 8 bytes.
///
/// Blocks without displacement have no file. Reading a box reads and checks only its planes.
package struct BlockFieldFiles: Sendable {
  /// The folder of fields found with the planned halo.
  let fine: URL
  /// The folder of fields found with a wider one.
  let wide: URL
  let lattice: SplineLattice

  /// Files in two folders.
  package init(fine: URL, wide: URL, lattice: SplineLattice) {
    self.fine = fine
    self.wide = wide
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

  private func url(of block: Block, isWide: Bool) -> URL { (isWide ? wide : fine).appendingPathComponent(name(of: block)) }

  private func planeBytes(_ points: Extent) -> Int { 12 * points[1] * points[2] }

  /// Bytes of a block's file.
  func byteCount(of block: Block) -> Int {
    let points = lattice.controlPoints(for: block.extended).extent
    return points[0] * (planeBytes(points) + 8)
  }

  package func write(_ field: SplineField, of block: Block, isWide: Bool) throws {
    let points = lattice.controlPoints(for: block.extended)
    precondition(field.region == points, "a block's field covers its extended box")
    let count = points.extent[1] * points.extent[2]
    var data = Data(capacity: byteCount(of: block))
    var digests = Data()
    for plane in 0..<points.extent[0] {
      let values = (0..<3).flatMap { axis in
        field.coefficients[axis].elements[plane * count..<(plane + 1) * count].map(\.bitPattern.littleEndian)
      }
      let bytes = unsafe values.withUnsafeBytes { unsafe Data($0) }
      var digest = Digest(bytes).value.littleEndian
      unsafe withUnsafeBytes(of: &digest) { unsafe digests.append(contentsOf: $0) }
      data.append(bytes)
    }
    let url = url(of: block, isWide: isWide)
    do { try (data + digests).write(to: url, options: .atomic) } catch {
      throw WriteFailure(path: url.path, reason: RunError.reason(error))
    }
  }

  /// The coefficients of `block` inside `region`.
  ///
  /// - Throws: `DamagedOutput` where they are not what was written.
  package func read(_ block: Block, isWide: Bool, region: Box) throws -> VectorField {
    let all = lattice.controlPoints(for: block.extended)
    let planes = region.lower[0] - all.lower[0]..<region.upper[0] - all.lower[0]
    let count = all.extent[1] * all.extent[2]
    let bytes = planeBytes(all.extent)
    let url = url(of: block, isWide: isWide)
    func damaged(_ reason: String) -> DamagedOutput { DamagedOutput(path: url.path, reason: reason) }
    guard FileManager.default.fileExists(atPath: url.path) else { throw damaged("it is gone") }
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    func read(_ offset: Int, _ length: Int) throws -> Data {
      try handle.seek(toOffset: UInt64(offset))
      guard let data = try handle.read(upToCount: length), data.count == length else { throw damaged("it is shorter than it was") }
      return data
    }
    let data = try read(planes.lowerBound * bytes, planes.count * bytes)
    let digests = try read(all.extent[0] * bytes + planes.lowerBound * 8, planes.count * 8)
    let words = unsafe data.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt32.self)) }
    let stated = unsafe digests.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) }
    var coefficients = (0..<3).map { _ in [Float]() }
    for plane in 0..<planes.count {
      guard
        Digest(data[data.startIndex + plane * bytes..<data.startIndex + (plane + 1) * bytes]).value == UInt64(littleEndian: stated[plane])
      else { throw damaged("its checksum is another") }
      for axis in 0..<3 {
        let start = (3 * plane + axis) * count
        coefficients[axis] += words[start..<start + count].map { Float(bitPattern: UInt32(littleEndian: $0)) }
      }
    }
    let held = Box(
      lower: [region.lower[0], all.lower[1], all.lower[2]], upper: [region.upper[0], all.upper[1], all.upper[2]])
    func component(_ axis: Int) -> VoxelBuffer<Float> {
      VoxelBuffer(extent: held.extent, elements: coefficients[axis]).cropped(to: region.relative(to: held.lower))
    }
    return VectorField(z: component(0), y: component(1), x: component(2))
  }
}
