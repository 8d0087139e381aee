// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Filtering
package import Foundation
public import Grids
public import Transforms
public import Volumes

/// The transforms of a run on disk: `affine.mat`, `coarse_warp.nii.gz`, `coarse_inverse_warp.nii.gz` (ITK/ANTs files, in
/// millimetres where the fixed image's unit is known), `field.ome.zarr`, and `transform.json`, which names the lattices and the order.
///
/// `T(x) = affine(coarse(x + u(x)))`, from fixed to moving. For ANTs the list is `coarse_warp.nii.gz, affine.mat` (`-t` in that
/// order), for SimpleITK's `CompositeTransform` it is `[affine, coarse_warp]`.
public struct TransformFolder: Sendable {
  /// Affine and coarse warp.
  public let transform: ComposedTransform
  /// The fixed lattice that was registered, on three axes (2D as one plane).
  public let fixedExtent: Extent
  /// The moving lattice at its finest level, on three axes.
  public let movingExtent: Extent
  /// Where the moving lattice lies, in the fixed image's unit.
  public let movingSpace: PhysicalSpace
  /// 2 or 3.
  public let rank: Int
  /// The local field; `nil` where the fine stage did not run.
  private(set) var field: LocalField?

  struct Record: Codable {
    var version = 1
    var rank: Int
    var fixed: SpaceRecord
    var moving: SpaceRecord
    var order: [String]
    var fieldStride: Int?
    /// Stored chunks of the local field: one that is lost would read as zeros. Not in older files.
    var fieldChunks: Int?

    /// The record in a file.
    ///
    /// - Throws: `PipelineError` where it is damaged.
    init(_ data: Data, in file: URL) throws {
      do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
        throw PipelineError("\(file.path) is damaged: \(error)", hint: "run the registration again")
      }
    }

    init(rank: Int, fixed: SpaceRecord, moving: SpaceRecord, order: [String]) {
      (self.rank, self.fixed, self.moving, self.order) = (rank, fixed, moving, order)
    }

    func write(to file: URL) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(self).write(to: file, options: .atomic)
    }
  }

  static let affineName = "affine.mat"
  static let warpName = "coarse_warp.nii.gz"
  static let inverseName = "coarse_inverse_warp.nii.gz"
  static let fieldName = "field.ome.zarr"

  /// The same, whose field's chunks are kept as they are decoded.
  func keeping(_ decoded: DecodedChunks) -> TransformFolder {
    var folder = self
    folder.field = field.map { LocalField(lattice: $0.lattice, array: $0.array.keeping(decoded)) }
    return folder
  }
  static let recordName = "transform.json"

  /// Writes everything but the local field, which its stage has put in place.
  package static func write(
    _ transform: ComposedTransform, fixed: Extent, moving: LazyVolume, rank: Int, to folder: URL
  ) throws {
    let affine = rank == 2 ? transform.affine.droppingFirstAxis() : transform.affine
    try affine.write(to: folder.appendingPathComponent(affineName).path, unit: transform.fixedSpace.unit)
    var order: [String] = []
    if let coarse = transform.coarse {
      try coarse.write(to: folder.appendingPathComponent(warpName).path, rank: rank)
      try transform.coarseInverse?.write(to: folder.appendingPathComponent(inverseName).path, rank: rank)
      order.append(warpName)
    }
    let record = Record(
      rank: rank, fixed: SpaceRecord(extent: fixed, space: transform.fixedSpace),
      moving: SpaceRecord(extent: moving.extent, space: moving.space),
      order: order + [affineName])
    try record.write(to: folder.appendingPathComponent(recordName))
  }

  /// Records the local field, now that it is whole: it acts first.
  package static func complete(_ folder: URL, with field: LocalField) throws {
    let file = folder.appendingPathComponent(recordName)
    var record = try Record(Data(contentsOf: file), in: file)
    if !record.order.contains(fieldName) { record.order.insert(fieldName, at: 0) }
    // An axis of one voxel has a stride of 1.
    record.fieldStride = field.lattice.stride.max()!
    record.fieldChunks = field.storedChunkCount()
    try record.write(to: file)
  }

  /// Opens the transforms of a run: the output folder, or `transforms/` inside it.
  ///
  /// - Throws: `PipelineError` where there are none, naming what is missing.
  public static func open(_ path: String) throws -> TransformFolder {
    try RunHandle.requirePublished(in: path)
    return try open(path, withField: true)
  }

  /// The same, with or without the local field, which may not be there yet.
  static func open(_ path: String, withField: Bool) throws -> TransformFolder {
    var folder = URL(fileURLWithPath: path)
    if FileManager.default.fileExists(atPath: folder.appendingPathComponent("transforms").path) { folder.appendPathComponent("transforms") }
    let file = folder.appendingPathComponent(recordName)
    guard let data = try? Data(contentsOf: file) else {
      throw PipelineError(
        "\(path) holds no transforms: \(file.path) cannot be read",
        hint: RoundsRecord.hint(in: path) ?? "give the output folder of a finished `weft register`")
    }
    let record = try Record(data, in: file)
    guard record.rank == 2 || record.rank == 3 else {
      throw PipelineError(
        "\(file.path) names rank \(record.rank), and 2 or 3 are known", hint: "the folder is damaged; run the registration again")
    }
    guard record.fieldStride.map({ (1...16).contains($0) }) ?? true else {
      throw PipelineError("\(file.path) names a field stride that is not from 1 to 16", hint: "run the registration again")
    }
    let fixedSpace = try record.fixed.space(in: file.path)
    let movingSpace = try record.moving.space(in: file.path)
    let affine = try AffineTransform.read(contentsOf: folder.appendingPathComponent(affineName).path, unit: fixedSpace.unit)
    guard affine.rank == record.rank else {
      throw PipelineError(
        "\(folder.path)/\(affineName) has rank \(affine.rank), and \(recordName) says \(record.rank)", hint: "run the registration again")
    }
    func warp(_ name: String) throws -> DisplacementField? {
      guard record.order.contains(warpName) else { return nil }
      let file = folder.appendingPathComponent(name).path
      guard FileManager.default.fileExists(atPath: file) else {
        // The inverse is but a start for inverting; without it, inverting starts from the affine map.
        if name == inverseName { return nil }
        throw PipelineError("\(file) is missing, and \(recordName) names it", hint: "run the registration again")
      }
      let field = try DisplacementField.read(contentsOf: file, unit: fixedSpace.unit)
      guard (0..<3).allSatisfy({ field.vectors[$0].elements.allSatisfy(\.isFinite) }) else {
        throw PipelineError("\(file) holds displacements that are not numbers", hint: "run the registration again")
      }
      return field
    }
    let fixedExtent = Extent(record.fixed.extent)
    return TransformFolder(
      transform: ComposedTransform(
        affine: affine.liftedToThreeAxes(), coarse: try warp(warpName), coarseInverse: try warp(inverseName), fixedSpace: fixedSpace),
      fixedExtent: fixedExtent, movingExtent: Extent(record.moving.extent), movingSpace: movingSpace, rank: record.rank,
      field: withField ? try openField(of: record, in: folder) : nil)
  }

  private static func openField(of record: Record, in folder: URL) throws -> LocalField? {
    guard let stride = record.fieldStride else { return nil }
    let path = folder.appendingPathComponent(fieldName).path
    let field = try LocalField.open(at: path, lattice: SplineLattice(extent: Extent(record.fixed.extent), stride: stride))
    if let expected = record.fieldChunks {
      let found = field.storedChunkCount()
      guard found >= expected else {
        throw PipelineError(
          "\(path) is not whole: \(recordName) expects \(expected) chunks, and \(found) are there",
          hint: "copy the folder again from where it is whole, or run the registration again")
      }
    }
    return field
  }

  /// The local field around a box of the fixed lattice; `nil` where there is none.
  ///
  /// - Throws: `PipelineError` where a part of it is damaged.
  public func local(over box: Box) throws -> SplineField? { try field.map { field in try naming { try field.field(over: box) } } }

  /// The least and the greatest that the local displacement can be along z, y, x, in fixed voxels: a spline goes nowhere that none of its
  /// coefficients goes.
  ///
  /// - Throws: as `local(over:)`.
  /// - Complexity: reads all of the field, part by part.
  func localRange() throws -> (lower: [Double], upper: [Double]) {
    var (lower, upper) = ([0.0, 0, 0], [0.0, 0, 0])
    guard let field else { return (lower, upper) }
    for region in field.lattice.box.tiles(of: [64, 64, 64]) {
      let part = try naming { try field.field(on: region) }
      for axis in 0..<3 {
        let (least, most) = part.coefficients[axis].elements.extremes()
        (lower[axis], upper[axis]) = (min(lower[axis], Double(least)), max(upper[axis], Double(most)))
      }
    }
    return (lower, upper)
  }

  /// What reading the field gives, damage told as an error of the folder.
  private func naming(_ read: () throws -> SplineField) throws -> SplineField {
    do { return try read() } catch let damage as DamagedOutput {
      throw PipelineError(
        "\(damage.path) is damaged: \(damage.reason)",
        hint: "copy the folder again from where it is whole, or run the registration again")
    }
  }
}
