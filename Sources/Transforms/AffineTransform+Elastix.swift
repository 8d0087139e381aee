// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import Grids
public import Volumes

extension AffineTransform {
  /// Reads the affine map of a parameter file of elastix (`TransformParameters.0.txt`), and of those that it names as what comes before it.
  ///
  /// `TranslationTransform`, `EulerTransform`, `SimilarityTransform` and `AffineTransform` are read, 2D and 3D, about their
  /// `CenterOfRotationPoint`: `T(x) = M (x − c) + c + t`. Numbers are x first, lengths as ITK reads the images (millimetres).
  ///
  /// - Throws: `TransformError` where the file is missing, damaged, or holds another transform.
  public static func readElastix(contentsOf path: String) throws(TransformError) -> AffineTransform {
    try readElastix(path, before: [])
  }

  private static func readElastix(_ path: String, before: [String]) throws(TransformError) -> AffineTransform {
    let file = try ElastixParameters(path)
    let map = try own(file)
    guard let initial = file.text("InitialTransformParameterFileName") ?? file.text("InitialTransformParametersFileName"),
      initial != "NoInitialTransform"
    else { return map }
    guard file.text("HowToCombineTransforms") ?? "Compose" == "Compose" else {
      throw TransformError(
        "\(path) adds its transform to that of \(initial), and transforms are composed",
        hint: "run elastix with HowToCombineTransforms Compose")
    }
    // As it stands, else beside this file: results are moved about.
    let beside = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(
      URL(fileURLWithPath: initial).lastPathComponent)
    let first = FileManager.default.fileExists(atPath: initial) ? initial : beside.path
    guard FileManager.default.fileExists(atPath: first) else {
      throw TransformError(
        "\(path) goes on from \(initial), which is neither there nor beside it", hint: "copy all parameter files of the run to one folder")
    }
    let seen = before + [URL(fileURLWithPath: path).standardizedFileURL.path]
    guard !seen.contains(URL(fileURLWithPath: first).standardizedFileURL.path) else {
      throw TransformError("\(path) goes on from \(first), which goes on from it", hint: "correct InitialTransformParameterFileName")
    }
    let earlier = try readElastix(first, before: seen)
    guard earlier.rank == map.rank else {
      throw TransformError(
        "\(path) is \(map.rank)D, and \(first), from which it goes on, is \(earlier.rank)D", hint: "give files of one run of elastix")
    }
    return map.after(earlier)
  }

  /// The transform of one file, z, y, x.
  private static func own(_ file: ElastixParameters) throws(TransformError) -> AffineTransform {
    let name = file.text("Transform") ?? ""
    let dimension = try file.numbers("FixedImageDimension", count: 1)[0]
    guard dimension == 2 || dimension == 3, (try? file.numbers("MovingImageDimension", count: 1)[0]) ?? dimension == dimension else {
      throw TransformError(
        "\(file.path) maps images of \(dimension) axes, and 2D to 2D and 3D to 3D are read", hint: "name a transform of images, 2D or 3D")
    }
    let rank = Int(dimension)
    let identity = AffineTransform.identity(rank: rank).matrix
    if file.text("UseDirectionCosines") == "false", let direction = try? file.numbers("Direction", count: rank * rank),
      direction != identity.flatMap(\.self)
    {
      throw TransformError(
        "\(file.path) was made without the images' directions, which are not the identity: points in space cannot be mapped by it",
        hint: "run elastix with UseDirectionCosines true")
    }
    let centre =
      name == "TranslationTransform" ? [Double](repeating: 0, count: rank) : try file.numbers("CenterOfRotationPoint", count: rank)
    let counts = ["TranslationTransform": [2, 3], "EulerTransform": [3, 6], "SimilarityTransform": [4, 7], "AffineTransform": [6, 12]]
    guard let count = counts[name]?[rank - 2] else {
      throw TransformError(
        "\(file.path) holds a \(name.isEmpty ? "transform without a name" : name), and Translation, Euler, Similarity and Affine are read",
        hint: "`transformix -def all` writes any transform as a displacement field, which can be read")
    }
    let p = try file.numbers("TransformParameters", count: count)
    let matrix: [[Double]]
    switch (name, rank) {
    case ("TranslationTransform", _): matrix = identity
    case ("EulerTransform", 2): matrix = turned2D(p[0])
    case ("EulerTransform", _): matrix = turned3D(p, isZYX: file.text("ComputeZYX") == "true")
    case ("SimilarityTransform", 2): matrix = turned2D(p[1]).map { $0.map { $0 * p[0] } }
    case ("SimilarityTransform", _): matrix = try versor(Array(p[..<3]), file.path).map { $0.map { $0 * p[6] } }
    default: matrix = (0..<rank).map { Array(p[$0 * rank..<($0 + 1) * rank]) }
    }
    let translation = (name == "SimilarityTransform" && rank == 3) ? Array(p[3..<6]) : Array(p.suffix(rank))
    let turnedCentre = AffineTransform(matrix: matrix, offset: [Double](repeating: 0, count: rank))(centre)
    return AffineTransform(matrix: matrix, offset: (0..<rank).map { centre[$0] + translation[$0] - turnedCentre[$0] }).reversed
  }

  private static func turned2D(_ angle: Double) -> [[Double]] { [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]] }

  /// As `itk::Euler3DTransform` multiplies them: z · x · y, or z · y · x.
  private static func turned3D(_ angles: [Double], isZYX: Bool) -> [[Double]] {
    let (s, c) = (angles.prefix(3).map { sin($0) }, angles.prefix(3).map { cos($0) })
    func map(_ matrix: [[Double]]) -> AffineTransform { AffineTransform(matrix: matrix, offset: [0, 0, 0]) }
    let x = map([[1, 0, 0], [0, c[0], -s[0]], [0, s[0], c[0]]])
    let y = map([[c[1], 0, s[1]], [0, 1, 0], [-s[1], 0, c[1]]])
    let z = map([[c[2], -s[2], 0], [s[2], c[2], 0], [0, 0, 1]])
    return (isZYX ? z.after(y.after(x)) : z.after(x.after(y))).matrix
  }

  private static func versor(_ v: [Double], _ path: String) throws(TransformError) -> [[Double]] {
    let rest = 1 - v.map { $0 * $0 }.reduce(0, +)
    guard rest >= -1e-9 else {
      throw TransformError(
        "\(path): the rotation \(v) of a SimilarityTransform is no versor: it is longer than 1", hint: "write the transform again")
    }
    let (x, y, z, w) = (v[0], v[1], v[2], max(0, rest).squareRoot())
    return [
      [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
      [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
      [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
  }

  /// Writes the map as a parameter file that elastix and transformix read: an `AffineTransform` about the point 0.
  ///
  /// - Parameters:
  ///   - path: the file; it appears under its name when it is complete.
  ///   - extent: voxels of the fixed image, which transformix resamples onto.
  ///   - space: where these lie, in millimetres where a unit is known, as the map is.
  /// - Throws: `TransformError` where it cannot be written.
  public func writeElastix(to path: String, extent: Extent, space: PhysicalSpace) throws(TransformError) {
    let map = reversed
    func line(_ name: String, _ values: some Sequence<Double>) -> String {
      "(\(name) \(values.map { "\($0)" }.joined(separator: " ")))\n"
    }
    func whole(_ name: String, _ values: some Sequence<Int>) -> String { "(\(name) \(values.map(String.init).joined(separator: " ")))\n" }
    func text(_ name: String, _ value: String) -> String { "(\(name) \"\(value)\")\n" }
    let zeros = [Double](repeating: 0, count: rank)
    // Column by column.
    let direction = (0..<rank).flatMap { axis in (0..<rank).map { space.direction[rank - 1 - $0][rank - 1 - axis] } }
    let body = [
      text("Transform", "AffineTransform"), whole("NumberOfParameters", [rank * (rank + 1)]),
      line("TransformParameters", map.matrix.flatMap(\.self) + map.offset), line("CenterOfRotationPoint", zeros),
      text("InitialTransformParameterFileName", "NoInitialTransform"), text("HowToCombineTransforms", "Compose"), "\n",
      whole("FixedImageDimension", [rank]), whole("MovingImageDimension", [rank]), text("FixedInternalImagePixelType", "float"),
      text("MovingInternalImagePixelType", "float"), whole("Size", extent.lengths.reversed()),
      whole("Index", zeros.map { Int($0) }), line("Spacing", space.spacing.reversed()), line("Origin", space.origin.reversed()),
      line("Direction", direction), text("UseDirectionCosines", "true"), "\n", text("ResampleInterpolator", "FinalLinearInterpolator"),
      text("Resampler", "DefaultResampler"), line("DefaultPixelValue", [0]), text("ResultImageFormat", "nii.gz"),
      text("ResultImagePixelType", "float"), text("CompressResultImage", "true"),
    ]
    try TransformText.write(body.joined(), to: path)
  }
}
