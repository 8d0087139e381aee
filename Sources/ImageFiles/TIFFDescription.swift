// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// What the description of a TIFF file says of its planes: which axes they run over, and how far apart voxels lie.
struct TIFFDescription {
  /// Axes that planes run over, slowest first, with their lengths: `t`, `c`, `z` in any order.
  var stack: [(name: String, length: Int)]
  /// Spacing along z, y, x in `unit`; `nil` where it is not given.
  var spacing: [Double?]
  var unit: LengthUnit?

  /// The stack as planes along z, without spacing.
  init(planes: Int) {
    stack = planes > 1 ? [("z", planes)] : []
    spacing = [nil, nil, nil]
    unit = nil
  }

  /// What OME-XML says.
  init(_ ome: OMEDescription) { (stack, spacing, unit) = (ome.stack, ome.spacing, ome.unit) }

  /// Reads ImageJ's lines, or tifffile's shape; planes along z where there is none of them.
  ///
  /// - Throws: `ImageFileError` where they tell of more planes than the file has.
  init(of file: TIFFStack) throws(ImageFileError) {
    self.init(planes: file.planes.count)
    if let imageJ = ImageJDescription(file.description) {
      // ImageJ counts channels fastest, then slices, then frames.
      let axes = [("t", imageJ.frames), ("z", imageJ.slices), ("c", imageJ.channels)].filter { $0.1 > 1 }
      try Self.check(axes.map(\.1), "ImageJ's description", in: file)
      if axes.map(\.1).product == file.planes.count { stack = axes }
      unit = imageJ.unit
      spacing = [imageJ.spacing, nil, nil]
      if unit != nil || !file.isResolutionOfPrint {
        spacing = [imageJ.spacing, Self.spacing(file.resolution.y), Self.spacing(file.resolution.x)]
      }
    } else if let axes = try Self.tifffileAxes(file) {
      stack = axes
    }
  }

  private static func check(_ lengths: [Int], _ teller: String, in file: TIFFStack) throws(ImageFileError) {
    if let planes = lengths.product, planes <= file.planes.count { return }
    throw ImageFileError(
      path: file.path, "has \(file.planes.count) pages, and \(teller) tells of \(lengths.map(String.init).joined(separator: "×"))",
      hint: "it was not written to its end; copy it again from its source")
  }

  /// Names the axes of planes, and of pixels that have several samples.
  ///
  /// - Throws: `ImageFileError` where they are not as many.
  mutating func name(_ letters: [String], samples: Int, path: String) throws(ImageFileError) {
    let pixel = ["y", "x"] + (samples > 1 ? ["c"] : [])
    let names = Array(letters.dropLast(pixel.count))
    guard Array(letters.suffix(pixel.count)) == pixel, names.count == stack.count, Set(letters).count == letters.count,
      names.allSatisfy({ ["t", "c", "z"].contains($0) })
    else {
      throw ImageFileError(
        path: path, "has the axes \((stack.map(\.name) + pixel).joined()), and --axes \(letters.joined()) is not understood for it",
        hint: "give one letter for each: t, c or z for those of planes, then \(pixel.joined())")
    }
    for (index, name) in names.enumerated() { stack[index].name = name }
  }

  /// The distance of pixels from their number per unit of length, which libtiff gives in single precision: the shortest decimal number
  /// that rounds to it.
  private static func spacing(_ resolution: Double) -> Double? { resolution > 0 ? Double("\(Float(1 / resolution))") : nil }

  /// tifffile writes `{"shape": [2, 31, 61, 57], "axes": "CZYX"}`, `axes` only where its user gave them.
  private static func tifffileAxes(_ file: TIFFStack) throws(ImageFileError) -> [(name: String, length: Int)]? {
    guard let names = file.description.firstMatch(#""axes":\s*"([A-Za-z]+)""#),
      let shape = file.description.firstMatch(#""shape":\s*\[([0-9, ]+)\]"#)
    else { return nil }
    let lengths = shape.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard lengths.count == names.count else { return nil }
    let axes = zip(names.lowercased(), lengths).map { (String($0), $1) }.filter { !["y", "x", "s"].contains($0.0) && $0.1 > 1 }
    try check(axes.map(\.1), "its description", in: file)
    guard axes.allSatisfy({ ["t", "c", "z"].contains($0.0) }), axes.map(\.1).product == file.planes.count else { return nil }
    return axes
  }
}

/// The lines that ImageJ writes, as `ImageJ=1.54f`, `images=62`, `slices=31`, `unit=micron`, `spacing=2.0`.
///
/// See <https://imagej.net/ij/docs/guide> (TIFF) and ImageJ's `TiffDecoder`.
struct ImageJDescription {
  var images = 1
  var channels = 1
  var slices = 1
  var frames = 1
  var spacing: Double?
  var unit: LengthUnit?

  init?(_ description: String) {
    guard description.hasPrefix("ImageJ=") else { return nil }
    for line in description.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      switch line[..<equals] {
      case "images": images = Int(value) ?? 1
      case "channels": channels = Int(value) ?? 1
      case "slices": slices = Int(value) ?? 1
      case "frames": frames = Int(value) ?? 1
      case "spacing": spacing = Double(value)
      case "unit": unit = LengthUnit(value)
      default: break
      }
    }
    if channels == 1 && slices == 1 && frames == 1 { slices = images }
  }
}

extension String {
  /// The first group of the first match of a regular expression.
  func firstMatch(_ pattern: String) -> String? {
    guard let expression = try? NSRegularExpression(pattern: pattern),
      let match = expression.firstMatch(in: self, range: NSRange(startIndex..., in: self)), match.numberOfRanges > 1,
      let range = Range(match.range(at: 1), in: self)
    else { return nil }
    return String(self[range])
  }
}
