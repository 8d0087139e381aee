// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Volumes

/// What the OME-XML of an OME-TIFF says of its first image.
///
/// See <https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html>. Planes are taken in `DimensionOrder`; files that list
/// them in another order, or spread them over several files, are refused.
struct OMEDescription {
  var stack: [(name: String, length: Int)]
  var spacing: [Double?]
  var unit: LengthUnit?

  /// `nil` where the file has no OME-XML.
  init?(_ file: TIFFFile) throws(ImageFileError) {
    let text = file.description
    guard text.contains("<OME"), let pixels = text.firstMatch(#"(<(?:\w+:)?Pixels\b[^>]*>)"#) else { return nil }
    func attribute(_ name: String) -> String? { pixels.firstMatch("\\b\(name)\\s*=\\s*[\"']([^\"']*)[\"']") }
    func length(_ name: String) -> Int { attribute(name).flatMap { Int($0) } ?? 1 }
    // Samples of a pixel count as channels.
    let counts = ["Z": length("SizeZ"), "T": length("SizeT"), "C": max(1, length("SizeC") / file.samples)]
    let order = (attribute("DimensionOrder") ?? "XYZCT").dropFirst(2).reversed()
    let expected = counts.values.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    if expected != file.planes.count {
      let isSpread = Set(Self.fileNames(text)).count > 1
      throw ImageFileError(
        path: file.path,
        "has \(file.planes.count) pages, and its OME-XML names \(expected) planes" + (isSpread ? " in several files" : ""),
        hint: "convert it to OME-Zarr or to one TIFF file first")
    }
    stack = order.map { ($0.lowercased(), counts[String($0)] ?? 1) }.filter { $0.length > 1 }
    let units = ["Z", "Y", "X"].map { LengthUnit(Self.plain(attribute("PhysicalSize\($0)Unit") ?? "µm")) }
    let sizes = ["Z", "Y", "X"].map { attribute("PhysicalSize\($0)").flatMap { Double($0) } }
    unit = zip(units, sizes).first { $0.1 != nil && $0.0 != nil }?.0
    let common = unit
    spacing = zip(units, sizes).map { unit, size in
      guard let size else { return nil }
      guard let unit, let common else { return size }
      return size * unit.factor(to: common)
    }
  }

  private static func fileNames(_ text: String) -> [String] {
    text.components(separatedBy: "FileName=").dropFirst().compactMap { $0.firstMatch("^[\"']([^\"']*)[\"']") }
  }

  /// `&#181;` and `&#xB5;` are how XML may spell the micro sign.
  private static func plain(_ text: String) -> String {
    ["&#181;", "&#xB5;", "&#xb5;", "&micro;"].reduce(text) { $0.replacingOccurrences(of: $1, with: "µ") }
  }
}
