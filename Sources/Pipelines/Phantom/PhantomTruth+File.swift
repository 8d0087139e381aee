// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

extension PhantomTruth {
  /// Reads `truth.json` from the folder of a phantom.
  ///
  /// - Throws: `PipelineError` where the file is missing, or is not the truth of a phantom.
  public static func read(from folder: String) throws -> PhantomTruth {
    let path = URL(fileURLWithPath: folder).appendingPathComponent(fileName).path
    guard let data = FileManager.default.contents(atPath: path) else {
      throw PipelineError("\(path) is missing or cannot be read", hint: "give the folder that `weft phantom` wrote")
    }
    do {
      return try JSONDecoder().decode(PhantomRecord.self, from: data).truth(path: path)
    } catch let error as DecodingError {
      throw PipelineError(
        "\(path) is not the truth of a phantom: \(PhantomRecord.describe(error))", hint: "write it anew with `weft phantom`")
    }
  }

  /// The file as bytes: JSON, keys sorted, the same for the same phantom.
  public func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(PhantomRecord(self))) + [UInt8(ascii: "\n")]
  }

  /// The name of the file inside a phantom's folder.
  public static let fileName = "truth.json"
}

/// How the truth is written.
private struct PhantomRecord: Codable {
  struct Field: Codable {
    var stride: [Int]
    var lower: [Int]
    var extent: [Int]
    /// Components along z, y, x, each in C order.
    var coefficients: [[Float]]
  }

  var format = "weft phantom 1"
  var maps = "fixed voxel (z, y, x) to moving voxel: matrix x + offset + cubic B-splines"
  var seed: UInt64
  var shape: [Int]
  var spacing: [Double]
  var unit: String
  var matrix: [[Double]]
  var offset: [Double]
  var fields: [Field]
  /// Missing for tissue.
  var contents: PhantomContents?

  init(_ truth: PhantomTruth) {
    seed = truth.seed
    contents = truth.contents == .tissue ? nil : truth.contents
    shape = truth.shape
    spacing = truth.spacing
    unit = truth.unit.name
    matrix = truth.affine.matrix
    offset = truth.affine.offset
    fields = truth.fields.map { field in
      Field(
        stride: field.lattice.stride, lower: field.region.lower, extent: field.region.extent.lengths,
        coefficients: (0..<3).map { field.coefficients[$0].elements })
    }
  }

  func truth(path: String) throws -> PhantomTruth {
    func broken(_ what: String) -> PipelineError {
      PipelineError("\(path) contradicts itself: \(what)", hint: "write it anew with `weft phantom`")
    }
    guard format == "weft phantom 1" else { throw broken("its format is `\(format)`, and `weft phantom 1` is known") }
    guard shape.count == 2 || shape.count == 3, shape.allSatisfy({ $0 > 0 && $0 < 1 << 40 }) else { throw broken("the shape is \(shape)") }
    guard spacing.count == shape.count, spacing.allSatisfy({ $0 > 0 }) else { throw broken("the spacing is \(spacing)") }
    guard let unit = LengthUnit(unit) else { throw broken("no unit is called `\(unit)`") }
    guard matrix.count == 3, matrix.allSatisfy({ $0.count == 3 }), offset.count == 3 else { throw broken("the matrix is not 3 by 3") }
    let lifted = Extent([Int](repeating: 1, count: 3 - shape.count) + shape)
    let splines = try fields.map { field in
      guard field.stride.count == 3, let step = field.stride.max(), step > 0, step < 1 << 40 else {
        throw broken("a stride is \(field.stride)")
      }
      let lattice = SplineLattice(extent: lifted, stride: step)
      guard field.lower == lattice.box.lower, field.extent == lattice.box.extent.lengths, field.coefficients.count == 3,
        field.coefficients.allSatisfy({ $0.count == lattice.box.count })
      else { throw broken("a control lattice of \(field.extent) where \(lattice.box.extent) is needed") }
      let parts = field.coefficients.map { VoxelBuffer(extent: lattice.box.extent, elements: $0) }
      return SplineField(lattice: lattice, region: lattice.box, coefficients: VectorField(z: parts[0], y: parts[1], x: parts[2]))
    }
    return PhantomTruth(
      shape: shape, spacing: spacing, unit: unit, seed: seed, affine: Transforms.AffineTransform(matrix: matrix, offset: offset),
      fields: splines, contents: contents ?? .tissue)
  }

  static func describe(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "`\(key.stringValue)` is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "`\(context.codingPath.map(\.stringValue).joined(separator: "."))` is of another type"
    default: "it is not JSON"
    }
  }
}
