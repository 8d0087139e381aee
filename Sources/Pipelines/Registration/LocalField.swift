// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
package import Grids
internal import Pyramids
package import Transforms
package import Volumes

/// The blended local field on disk, `transforms/field.ome.zarr`: float32 coefficients of cubic B-splines, axes component (z, y, x), z, y, x,
/// in voxels of the fixed image. Readable in parts.
package struct LocalField: Sendable {
  let lattice: SplineLattice
  let array: ChunkedArray

  /// Control points a chunk, an axis.
  static let chunk = 32

  /// Creates the field of a volume where it is not there yet: an OME-Zarr 0.5 image of one level, whose missing chunks are zero. Metadata
  /// that were lost or damaged are written anew, chunks stay.
  package static func createIfMissing(at path: String, lattice: SplineLattice, space: PhysicalSpace) throws {
    var layout = PyramidLayout(extent: lattice.box.extent, voxelType: .float32, space: Self.space(of: lattice, in: space))
    layout.leadingAxes = [.init(Axis(name: "c"), length: 3)]
    layout.chunk = [chunk, chunk, chunk]
    layout.levelCount = 1
    layout.isChecksummed = true
    if FileManager.default.fileExists(atPath: path) { return try mendMetadata(layout, at: path) }
    try PyramidWriter.begin(layout, at: path, token: "run").finish()
  }

  /// Makes an empty field beside one that is there, and takes over what its metadata should say.
  private static func mendMetadata(_ layout: PyramidLayout, at path: String) throws {
    let url = URL(fileURLWithPath: path)
    let aside = url.deletingLastPathComponent().appendingPathComponent(".metadata-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: aside) }
    let anew = aside.appendingPathComponent(url.lastPathComponent)
    try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
    try PyramidWriter.begin(layout, at: anew.path, token: "run").finish()
    for name in ["zarr.json", "0/zarr.json"] {
      let right = try Data(contentsOf: anew.appendingPathComponent(name))
      if (try? Data(contentsOf: url.appendingPathComponent(name))) == right { continue }
      try FileManager.default.createDirectory(
        at: url.appendingPathComponent(name).deletingLastPathComponent(), withIntermediateDirectories: true)
      try right.write(to: url.appendingPathComponent(name), options: .atomic)
    }
  }

  /// Opens the field of a volume.
  ///
  /// - Throws: where there is none, or it lies on another lattice.
  package static func open(at path: String, lattice: SplineLattice) throws -> LocalField {
    let array = try ChunkedArray.open(at: path + "/0")
    guard array.extent.lengths == [3] + lattice.box.extent.lengths else {
      throw PipelineError(
        "\(path) has \(array.extent) values, and \(Extent([3] + lattice.box.extent.lengths)) are needed", hint: "run the registration again"
      )
    }
    return LocalField(lattice: lattice, array: array)
  }

  /// Where the control points lie.
  private static func space(of lattice: SplineLattice, in space: PhysicalSpace) -> PhysicalSpace {
    var result = space
    result.origin = space.world(of: (0..<3).map { Double(lattice.box.lower[$0] * lattice.stride[$0]) })
    result.spacing = zip(space.spacing, lattice.stride).map { $0 * Double($1) }
    return result
  }

  /// The field over `voxels`.
  func field(over voxels: Box) throws -> SplineField { try field(on: lattice.controlPoints(for: voxels)) }

  /// The coefficients on `region`.
  package func field(on region: Box) throws -> SplineField {
    let stored = region.relative(to: lattice.box.lower)
    let read: VoxelBuffer<Float> = try array.readIntermediate(Box(lower: [0] + stored.lower, upper: [3] + stored.upper))
    guard read.elements.allSatisfy(\.isFinite) else {
      throw PipelineError("\(array.path) holds displacements that are not numbers", hint: "run the registration again")
    }
    let count = region.count
    func component(_ axis: Int) -> VoxelBuffer<Float> {
      VoxelBuffer(extent: region.extent, elements: Array(read.elements[axis * count..<(axis + 1) * count]))
    }
    return SplineField(
      lattice: lattice, region: region, coefficients: VectorField(z: component(0), y: component(1), x: component(2)))
  }

  /// How many chunks are stored on `region`; the others are zero.
  func storedChunkCount(in region: Box) -> Int {
    let stored = region.relative(to: lattice.box.lower)
    return array.storedChunkCount(in: Box(lower: [0] + stored.lower, upper: [3] + stored.upper))
  }

  /// - Throws: `DamagedOutput` where a chunk is not what was written.
  /// - Complexity: reads all of it.
  func check() throws {
    if let chunk = array.damagedChunks(in: array.extent.box).first { throw DamagedOutput(path: chunk, reason: "its checksum is another") }
  }

  /// Removes what a process that was killed in the middle of a write has left.
  func removeTemporaryFiles() { PyramidWriter.removeTemporaryFiles(in: array.path) }

  /// How many chunks are stored in all.
  func storedChunkCount() -> Int { array.storedChunkCount() }

  /// Writes whole chunks.
  package func write(_ field: SplineField) throws {
    let stored = field.region.relative(to: lattice.box.lower)
    let values = field.coefficients.z.elements + field.coefficients.y.elements + field.coefficients.x.elements
    try array.write(VoxelBuffer(extent: Extent([3] + stored.extent.lengths), elements: values), at: [0] + stored.lower)
  }
}
