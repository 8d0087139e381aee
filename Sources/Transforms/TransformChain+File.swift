// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import ImageFiles
public import Volumes

extension TransformChain {
  /// Reads a transform file of ITK, ANTs, elastix, greedy, Convert3D, bigstream or BigWarp.
  ///
  /// What it is its content tells. A bare matrix does not tell whether it is greedy's or bigstream's: that has to be said. Landmarks become
  /// the affine map that fits them best.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - format: what it is said to be; `nil` for what its content tells.
  ///   - unit: the unit of its lengths, in place of the format's own (`TransformFormat.unitName`); `.some(nil)` for none.
  ///   - memory: bytes that a chain of fields may take.
  /// - Throws: `TransformError` or `ImageFileError` where the file is missing, damaged, of a kind that is not read, or not what it is said
  ///   to be.
  public static func read(
    contentsOf path: String, as format: TransformFormat? = nil, unit: LengthUnit?? = nil, memory: Int = .max
  ) throws -> (chain: TransformChain, kind: TransformFileKind) {
    let kind = try TransformFileKind(of: path, saidToBe: format)
    let length = unit ?? kind.format.unitName.flatMap { LengthUnit($0) }
    switch kind {
    case .itkAffine(let isMatlab):
      return (TransformChain(try AffineTransform.read(contentsOf: path, isMatlab: isMatlab), unit: length), kind)
    case .itkComposite: return (try CompositeFile.read(path, unit: length, memory: memory), kind)
    case .itkField:
      try requireMemory(ofField: path, memory)
      var field = try DisplacementField.read(contentsOf: path)
      guard (0..<3).allSatisfy({ field.vectors[$0].elements.allSatisfy(\.isFinite) }) else {
        throw TransformError("\(path) holds displacements that are not numbers", hint: "write the transform again")
      }
      field.space.unit = length
      let rank = try ImageFile.open(path: path).axes.filter { $0.kind == .space }.count
      return (TransformChain(rank: rank, parts: [.field(field)], unit: length), kind)
    case .elastix: return (TransformChain(try AffineTransform.readElastix(contentsOf: path), unit: length), kind)
    case .greedy:
      let map = try MatrixText.read(path, format: .greedy)
      return (TransformChain(map.reversed.inOtherHandedness, unit: length), kind)
    case .bigstream: return (TransformChain(try MatrixText.read(path, format: .bigstream), unit: length), kind)
    case .bigwarp:
      let pairs = try BigWarpLandmarks.read(path)
      try pairs.requireSpan(in: path)
      return (TransformChain(try .fitting(fixed: pairs.fixed, moving: pairs.moving), unit: length), kind)
    case .landmarks:
      let pairs = try LandmarkPairs.read(contentsOf: path)
      return (TransformChain(try .fitting(fixed: pairs.fixed, moving: pairs.moving), unit: length), kind)
    }
  }

  private static func requireMemory(ofField path: String, _ memory: Int) throws {
    let image = try ImageFile.open(path: path)
    let numbers = image.levels[0].source.extent.count
    // What is read, and its components apart.
    let need = numbers.multipliedReportingOverflow(by: 8)
    guard !need.overflow, need.partialValue <= memory else {
      throw TransformError(
        "\(path) holds \(numbers) numbers, which take \(numbers / 125_000) MB in memory, and --memory allows \(memory / 1_000_000) MB",
        hint: "give more with --memory; files of this kind are read whole")
    }
  }

  /// Writes an affine map for another program, its lengths in the unit of the format where they have one.
  ///
  /// - Parameters:
  ///   - path: the file; it appears under its name when it is complete.
  ///   - format: `.itk` (`.mat` in MATLAB's format, else ITK's text), `.greedy` or `.bigstream`.
  /// - Throws: `TransformError` where the chain holds a displacement field, the map is singular, or the file cannot be written.
  public func writeAffine(to path: String, as format: TransformFormat) throws(TransformError) {
    let chain = converted(to: format.unitName.flatMap { LengthUnit($0) })
    let map = try chain.requireAffine(for: path)
    switch format {
    case .greedy: try TransformText.write(MatrixText.text(map.inOtherHandedness.reversed), to: path)
    case .bigstream: try TransformText.write(MatrixText.text(map), to: path)
    default: try map.write(to: path)
    }
  }

  /// All of it as one affine map of `rank` axes.
  ///
  /// - Throws: `TransformError` where it holds a displacement field, or a map that cannot be undone.
  public func requireAffine(for path: String) throws(TransformError) -> AffineTransform {
    guard let map = affine else {
      throw TransformError(
        "\(path) holds one affine map, and the transform has \(fields.count == 1 ? "a displacement field" : "\(fields.count) displacement fields")",
        hint: "write .h5 (all parts), .nii.gz or .ome.zarr (displacements); of a registration, --part affine is the affine map alone")
    }
    return map
  }

  /// Writes all parts as one file of ITK (`.h5`), lengths in millimetres where they have a unit.
  ///
  /// - Throws: `TransformError` where it cannot be written; it appears under its name when it is complete.
  public func writeComposite(to path: String) throws(TransformError) {
    try CompositeFile.write(converted(to: .millimeter), to: path)
  }

  /// Bytes that writing a field of `nodes` nodes in a file of ITK's chains takes.
  package static func compositeBytes(nodes: Int) -> Int { nodes * CompositeFile.bytesPerNode }
}
