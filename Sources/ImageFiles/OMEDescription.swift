// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import FoundationXML
internal import Grids
internal import Volumes

/// What the OME-XML of an OME-TIFF says of its image: which axes its planes run over, how far apart voxels lie, and in which file and page
/// each plane is.
///
/// See <https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html>.
struct OMEDescription {
  /// A run of planes, as an element `TiffData` places it.
  struct Run {
    /// Where it begins along the axes `Z`, `C` and `T`.
    var first: [Character: Int]
    /// The first page; `nil` where the element names none.
    var page: Int?
    var count: Int?
    /// The file; `nil` is the one that the OME-XML was found in.
    var file: String?
  }

  /// The element `Pixels` of an image.
  struct Image {
    var attributes: [String: String]
    var runs: [Run] = []
  }

  private(set) var images: [Image] = []
  /// The file that holds the OME-XML, where this one only points to it.
  private(set) var metadataFile: String?
  private let samples: Int

  /// `nil` where `text` is no OME-XML.
  ///
  /// - Parameters:
  ///   - text: the description of a file's first page.
  ///   - samples: how many samples a pixel has: these count as channels.
  ///   - path: the file, for messages.
  init?(_ text: String, samples: Int, path: String) throws(ImageFileError) {
    guard text.firstMatch(#"(<(?:\w+:)?OME\b)"#) != nil else { return nil }
    self.samples = samples
    let reader = OMEReader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.shouldProcessNamespaces = true
    parser.delegate = reader
    guard parser.parse(), parser.parserError == nil else {
      throw ImageFileError(
        path: path, "has OME-XML that is damaged at line \(parser.lineNumber)", hint: "the file is damaged; copy it again from its source")
    }
    (images, metadataFile) = (reader.images, reader.metadataFile)
    guard metadataFile != nil || images.count == 1 else {
      throw ImageFileError(
        path: path, "is an OME-TIFF of \(images.count) images, and files of one are read",
        hint: "write the image that you want to a file of its own, as Bio-Formats' bfconvert does with -series")
    }
    for name in ["SizeZ", "SizeC", "SizeT"] where metadataFile == nil {
      for image in images where (image.attributes[name].flatMap { Int($0) } ?? 0) < 1 {
        throw ImageFileError(
          path: path, "has OME-XML whose \(name) is \(image.attributes[name].map { "`\($0)`" } ?? "missing")",
          hint: "the file is damaged; copy it again from its source")
      }
    }
  }

  private func attribute(_ name: String) -> String? { images.first?.attributes[name] }

  private func length(_ name: String) -> Int { max(1, attribute(name).flatMap { Int($0) } ?? 1) }

  /// Axes that planes run over, slowest first, with their lengths; those of one plane, too.
  private var axes: [(name: Character, length: Int)] {
    let counts: [Character: Int] = ["Z": length("SizeZ"), "T": length("SizeT"), "C": max(1, length("SizeC") / samples)]
    let stated = (attribute("DimensionOrder") ?? "XYZCT").dropFirst(2)
    let order = Set(stated) == Set("ZCT") && stated.count == 3 ? String(stated) : "ZCT"
    return order.reversed().map { ($0, counts[$0] ?? 1) }
  }

  /// Axes that planes run over, slowest first, with their lengths.
  var stack: [(name: String, length: Int)] { axes.filter { $0.length > 1 }.map { ($0.name.lowercased(), $0.length) } }

  /// How many planes there are; `nil` where that is no number.
  private var planeCount: Int? { axes.map(\.length).product }

  /// - Throws: `ImageFileError` where planes of another size or number format are told of than a file has.
  func checkIsLike(_ file: TIFFStack) throws(ImageFileError) {
    let names = ["float": "float32", "double": "float64"]
    for (name, value) in [("SizeX", "\(file.width)"), ("SizeY", "\(file.height)"), ("Type", file.voxelType.rawValue)] {
      guard let stated = attribute(name).map({ names[$0] ?? $0 }), stated != value else { continue }
      throw ImageFileError(
        path: file.path, "has pages with the \(name) \(value), and its OME-XML says \(stated)",
        hint: "the file was changed by a program that does not know OME-XML; write it again, or without its description")
    }
  }

  /// Whether all planes lie in one file.
  var isOneFile: Bool { Set((images.first?.runs ?? []).map(\.file)).count < 2 }

  /// Where each plane lies, the last axis of `stack` fastest.
  ///
  /// - Parameters:
  ///   - path: the file that the OME-XML was found in.
  ///   - pages: the pages of a file of the set; of the file itself for `nil`.
  /// - Throws: `ImageFileError` where a plane has no page.
  func planes(of path: String, pages: (_ file: String?) throws(ImageFileError) -> [TIFFStack.Plane]) throws(ImageFileError)
    -> [TIFFStack.Plane]
  {
    let runs = images[0].runs.isEmpty ? [Run(first: [:])] : images[0].runs
    var known: [String?: [Int: TIFFStack.Plane]] = [:]
    for run in runs where known[run.file] == nil {
      known[run.file] = Dictionary(uniqueKeysWithValues: try pages(run.file).map { ($0.number, $0) })
    }
    let pageCount = known.values.reduce(0) { $0 + $1.count }
    let damaged = "it was not written to its end, or lacks files; copy the whole set again from its source"
    guard let planeCount, isOneFile ? planeCount == pageCount : planeCount <= pageCount else {
      throw ImageFileError(
        path: path,
        "has \(pageCount) pages\(isOneFile ? "" : " in the files of its set"), and its OME-XML names "
          + "\(planeCount.map(String.init) ?? "far more") planes", hint: damaged)
    }
    var found = [TIFFStack.Plane?](repeating: nil, count: planeCount)
    for run in runs {
      let pages = known[run.file] ?? [:]
      var place = 0
      for axis in axes {
        let index = (run.first[axis.name] ?? 0) / (axis.name == "C" ? samples : 1)
        guard (0..<axis.length).contains(index) else {
          throw ImageFileError(
            path: path, "places planes at \(axis.name) \(index) in its OME-XML, which has \(axis.length) of them", hint: damaged)
        }
        place = place * axis.length + index
      }
      let count = min(run.count ?? (run.page == nil ? pages.count : 1), planeCount - place)
      for offset in 0..<max(count, 0) {
        guard let page = pages[(run.page ?? 0).addingReportingOverflow(offset).partialValue] else {
          throw ImageFileError(
            path: path,
            "has OME-XML that names page \(run.page ?? 0)\(offset > 0 ? " and \(offset) behind it" : "")\(run.file.map { " of \($0)" } ?? ""), "
              + "counted from 0, and \(pages.count) are there", hint: damaged)
        }
        found[place + offset] = page
      }
    }
    if let missing = found.firstIndex(where: { $0 == nil }) {
      var (rest, place): (Int, [String]) = (missing, [])
      for axis in axes.reversed() {
        place.append("\(axis.name) \(rest % axis.length)")
        rest /= axis.length
      }
      throw ImageFileError(path: path, "has no page for the plane at \(place.joined(separator: ", ")) of its OME-XML", hint: damaged)
    }
    return found.compactMap(\.self)
  }

  /// The unit of all spacings.
  var unit: LengthUnit? { zip(units, sizes).first { $0.1 != nil && $0.0 != nil }?.0 }

  /// Spacing along z, y, x in `unit`; `nil` where it is not given.
  var spacing: [Double?] {
    zip(units, sizes).map { own, size in
      guard let size else { return nil }
      guard let own, let unit else { return size }
      return size * own.factor(to: unit)
    }
  }

  private var units: [LengthUnit?] { ["Z", "Y", "X"].map { LengthUnit(attribute("PhysicalSize\($0)Unit") ?? "µm") } }

  private var sizes: [Double?] { ["Z", "Y", "X"].map { attribute("PhysicalSize\($0)").flatMap { Double($0) } } }
}

/// Collects what is needed of OME-XML as it is parsed.
private final class OMEReader: NSObject, XMLParserDelegate {
  var images: [OMEDescription.Image] = []
  var metadataFile: String?
  /// The identifier of the file that the OME-XML was found in.
  private var own: String?
  /// What the element `UUID` says that is being read.
  private var file: String?
  private var identifier = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]
  ) {
    switch name {
    case "Pixels": images.append(OMEDescription.Image(attributes: attributes))
    case "BinaryOnly": metadataFile = attributes["MetadataFile"]
    case "TiffData" where !images.isEmpty:
      // What is no number is no place.
      func number(_ name: String) -> Int? { attributes[name].map { Int($0) ?? -1 } }
      let first: [Character: Int] = ["Z": number("FirstZ") ?? 0, "C": number("FirstC") ?? 0, "T": number("FirstT") ?? 0]
      images[images.count - 1].runs.append(
        OMEDescription.Run(first: first, page: number("IFD"), count: number("PlaneCount") ?? number("NumPlanes")))
    case "OME": own = attributes["UUID"]
    case "UUID": (file, identifier) = (attributes["FileName"], "")
    default: break
    }
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { identifier += text }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    guard name == "UUID", let image = images.indices.last, let run = images[image].runs.indices.last else { return }
    // Known by its identifier, a file may have another name, and a copy of it lie beside it.
    let isOwn = own != nil && own == identifier.trimmingCharacters(in: .whitespacesAndNewlines)
    images[image].runs[run].file = isOwn ? nil : file
  }
}
