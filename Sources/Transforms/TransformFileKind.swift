// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageFiles

/// What a transform file is, by its content.
public enum TransformFileKind: Sendable, Equatable {
  case itkAffine(isMatlab: Bool)
  case itkComposite
  case itkField
  case elastix
  case greedy
  case bigstream
  case bigwarp
  /// Weft's own table of pairs of points.
  case landmarks

  /// The format that it belongs to.
  public var format: TransformFormat {
    switch self {
    case .itkAffine, .itkComposite, .itkField: .itk
    case .elastix: .elastix
    case .greedy: .greedy
    case .bigstream: .bigstream
    case .bigwarp, .landmarks: .bigwarp
    }
  }

  /// In words.
  public var title: String {
    switch self {
    case .itkAffine(let isMatlab): isMatlab ? "ITK/ANTs affine (MATLAB)" : "ITK affine (text)"
    case .itkComposite: "ITK/ANTs composite (HDF5)"
    case .itkField: "ITK/ANTs displacement field"
    case .landmarks: "landmark pairs"
    default: format.title
    }
  }

  /// Looks at the content of a file.
  ///
  /// - Parameter said: what it is said to be; decides between formats that look the same, and has to fit what the content tells.
  /// - Throws: `TransformError` where the file is missing or cannot be read, is no transform, is not what it is said to be, or may be one
  ///   of several that only the user can tell apart.
  public init(of path: String, saidToBe said: TransformFormat? = nil) throws(TransformError) {
    let head: [UInt8]
    do { head = try ImageFile.firstBytes(of: path, count: 4096) } catch {
      throw TransformError(error.errorDescription ?? "\(path) cannot be read", hint: error.recoverySuggestion)
    }
    guard let kind = try Self.recognised(path, head, said) else {
      throw TransformError(
        "\(path) is no transform that is known" + (head.isEmpty ? ": it is empty" : ""),
        hint: "affine files of ITK, ANTs, elastix, greedy and bigstream, .h5 chains, displacement fields and BigWarp landmarks are read; "
          + "a file cut short may not be recognised")
    }
    let wanted = said == .ants ? .itk : said
    guard wanted == nil || wanted == kind.format else {
      throw TransformError(
        "\(path) is said to be of \(said!.title) by --from, and its content is of \(kind.title)",
        hint: "leave --from out, or name another file")
    }
    self = kind
  }

  private static func recognised(
    _ path: String, _ head: [UInt8], _ said: TransformFormat?
  ) throws(TransformError) -> TransformFileKind? {
    if head.isEmpty { return nil }
    if head.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) { return .itkComposite }
    if ImageFile.isImage(path) { return .itkField }
    if !head.contains(0), let text = try? TransformText.read(path) {
      if text.hasPrefix("#Insight Transform File") { return .itkAffine(isMatlab: false) }
      if ElastixParameters.isOne(text) { return .elastix }
      if let rows = MatrixText.rows(text) { return try matrix(path, rows.count, said) }
      if BigWarpLandmarks.isOne(text) { return .bigwarp }
      let header = CSVTable.fields(text.prefix { !$0.isNewline }).map { $0.lowercased() }
      if header.contains("fixed_x"), header.contains("moving_x") { return .landmarks }
      return nil
    }
    return (try? MATLABCheck.check(path)) == nil ? nil : .itkAffine(isMatlab: true)
  }

  /// Numbers alone do not say what they mean.
  private static func matrix(_ path: String, _ size: Int, _ said: TransformFormat?) throws(TransformError) -> TransformFileKind {
    switch said {
    case .greedy: return .greedy
    case .bigstream: return .bigstream
    default:
      throw TransformError(
        "\(path) is a bare \(size) × \(size) matrix, and does not tell what its axes are: greedy and c3d write x, y, z in RAS and "
          + "millimetres, bigstream z, y, x in the unit of the spacing" + (said == nil ? "" : "; --from \(said!.rawValue) is neither"),
        hint: "say which with --from greedy or --from bigstream")
    }
  }
}
