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
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
    guard let size else { throw TransformError("\(path) does not exist", hint: "check the path") }
    guard size.intValue > 0, size.intValue < 1 << 20 else {
      throw TransformError("\(path) is no file of an affine transform: it has \(size) bytes", hint: "give a .mat, .txt or .tfm file")
    }
    if path.hasSuffix(".mat") { try MATLABCheck.check(path) } else { try TransformTextCheck.check(path) }
    var numbers = [Double](repeating: 0, count: Int(CITK_AFFINE_COUNT))
    var span = numbers.mutableSpan
    let file = unsafe citk_transform_file_read(path, &span)
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
    let url = URL(fileURLWithPath: path)
    let temporary = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString).part").path
    defer { try? FileManager.default.removeItem(atPath: temporary) }
    let status = unsafe citk_transform_file_write(temporary, numbers.span, path.hasSuffix(".mat"))
    guard status.isSuccess, let handle = FileHandle(forUpdatingAtPath: temporary) else {
      throw TransformError("\(path) cannot be written: \(status.text)", hint: "check that the folder exists and may be written to")
    }
    try? handle.synchronize()
    try? handle.close()
    guard unsafe rename(temporary, path) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw TransformError("\(path) cannot be written: \(reason)", hint: "check that the folder is there, has room, and may be written to")
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
