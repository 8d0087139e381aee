// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Foundation
public import Volumes

extension AffineTransform {
  /// Reads an affine map from a file of ITK or ANTs: `.mat` (MATLAB's format) or ITK's text (`.txt`, `.tfm`).
  ///
  /// Affine, rigid, similarity, Euler, versor, scale and translation transforms in 2D and 3D are read, their centre folded into the
  /// offset, and composite ones made of these (the last applied first).
  ///
  /// - Parameters:
  ///   - path: the file; its numbers are x first and in millimetres where lengths have a unit at all.
  ///   - unit: what the offset is converted to; `nil` leaves it as it is.
  /// - Throws: `TransformError` where the file is missing, is no transform, or holds one that is not affine.
  public static func read(contentsOf path: String, unit: LengthUnit? = nil) throws(TransformError) -> AffineTransform {
    try read(contentsOf: path, unit: unit, isMatlab: path.hasSuffix(".mat"))
  }

  /// The same, whatever the file is named.
  static func read(contentsOf path: String, unit: LengthUnit? = nil, isMatlab: Bool) throws(TransformError) -> AffineTransform {
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
    guard let size else { throw TransformError("\(path) does not exist", hint: "check the path") }
    guard size.intValue > 0, size.intValue < 1 << 20 else {
      throw TransformError("\(path) is no file of an affine transform: it has \(size) bytes", hint: "give a .mat, .txt or .tfm file")
    }
    if isMatlab { try MATLABCheck.check(path) } else { try TransformTextCheck.check(path) }
    var numbers = [Double](repeating: 0, count: Int(CITK_AFFINE_COUNT))
    var span = numbers.mutableSpan
    let file = unsafe citk_transform_file_read(path, isMatlab, &span)
    guard file.status.isSuccess else {
      throw TransformError("\(path) cannot be read as a transform: \(file.status.text)", hint: "give an affine .mat, .txt or .tfm file")
    }
    let rank = file.rank
    guard numbers.allSatisfy(\.isFinite) else {
      throw TransformError("\(path) holds numbers that are not finite", hint: "write the transform again")
    }
    let factor = unit.map { LengthUnit.millimeter.factor(to: $0) } ?? 1
    return AffineTransform(
      matrix: (0..<rank).map { Array(numbers[$0 * rank..<($0 + 1) * rank]) },
      offset: numbers[rank * rank..<rank * (rank + 1)].map { $0 * factor })
  }

  /// The map of a transform as ITK's files list it: the name of its class (`Euler3DTransform_double_3_3`), its parameters and its fixed
  /// ones.
  ///
  /// - Throws: `TransformError` where that is no affine map.
  static func made(
    _ type: String, _ parameters: [Double], _ fixed: [Double], in path: String
  ) throws(TransformError) -> AffineTransform {
    let rest = max(0, Int(CITK_AFFINE_COUNT) - parameters.count - fixed.count)
    var numbers = parameters + fixed + [Double](repeating: 0, count: rest)
    var span = numbers.mutableSpan
    // Single and double precision alike are read as doubles.
    let double = type.replacingOccurrences(of: "_float_", with: "_double_")
    let made = unsafe citk_transform_affine(double, parameters.count, fixed.count, &span)
    guard made.status.isSuccess else {
      throw TransformError("\(path) \(made.status.text)", hint: "affine maps and displacement fields in 2D and 3D are read")
    }
    let rank = made.rank
    return AffineTransform(
      matrix: (0..<rank).map { Array(numbers[$0 * rank..<($0 + 1) * rank]) }, offset: Array(numbers[rank * rank..<rank * (rank + 1)]))
  }

  /// Writes the map as ITK's `AffineTransform_double`, in MATLAB's format where the name ends in `.mat`, else in ITK's text.
  ///
  /// The file appears under its name when it is complete.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - unit: the unit of the offset, which is written in millimetres; `nil` writes it as it is.
  /// - Throws: `TransformError` where the map is neither 2D nor 3D, or the file cannot be written.
  public func write(to path: String, unit: LengthUnit? = nil) throws(TransformError) {
    guard rank == 2 || rank == 3 else {
      throw TransformError(
        "\(path) cannot be written: a map of \(rank) axes, and 2 or 3 are written", hint: "name a transform of an image, 2D or 3D")
    }
    let factor = unit.map { $0.factor(to: .millimeter) } ?? 1
    let numbers = matrix.flatMap(\.self) + offset.map { $0 * factor }
    try PublishedFile.write(to: path) { (temporary) throws(TransformError) in
      let status = unsafe citk_transform_file_write(temporary, numbers.span, path.hasSuffix(".mat"))
      guard status.isSuccess else {
        throw TransformError("\(path) cannot be written: \(status.text)", hint: "check that the folder exists and may be written to")
      }
    }
  }
}

extension CITKStatus {
  /// What went wrong.
  var text: String {
    var bytes = [CChar](repeating: 0, count: Int(CITK_MESSAGE_CAPACITY))
    var span = bytes.mutableSpan
    let length = citk_status_message(self, &span)
    return String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
