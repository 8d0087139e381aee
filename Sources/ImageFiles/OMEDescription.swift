// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import FoundationXML
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
    guard text.contains("<OME") || text.contains(":OME") else { return nil }
    self.samples = samples
    let reader = OMEReader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.shouldProcessNamespaces = true
    parser.delegate = reader
    guard parser.parse() else {
      throw ImageFileError(
        path: path, "has OME-XML that is damaged at line \(parser.lineNumber)", hint: "the file is damaged; copy it again from its source")
    }
    (images, metadataFile) = (reader.images, reader.metadataFile)
    guard metadataFile != nil || images.count == 1 else {
      throw ImageFileError(
        path: path, "is an OME-TIFF of \(images.count) images, and files of one are read",
        hint: "write the image that you want to a file of its own, as Bio-Formats' bfconvert does with -series")
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

  /// How many planes there are; `nil` where that is no number that files can hold.
  private var planeCount: Int? {
    let (first, second) = (axes[0].length.multipliedReportingOverflow(by: axes[1].length), axes[2].length)
    let all = first.partialValue.multipliedReportingOverflow(by: second)
    return first.overflow || all.overflow || all.partialValue > 1 << 28 ? nil : all.partialValue
  }

  /// Whether all planes lie in one file.
  var isOneFile: Bool { Set((images.first?.runs ?? []).map(\.file)).count < 2 }

  /// Where each plane lies, the fastest axis first.
  ///
  /// - Parameters:
  ///   - path: the file that the OME-XML was found in.
  ///   - pages: the pages of a file of the set; of the file itself for `nil`.
  /// - Throws: `ImageFileError` where a plane has no page.
  func planes(of path: String, pages: (_ file: String?) throws(ImageFileError) -> [TIFFStack.Plane]) throws(ImageFileError)
    -> [TIFFStack.Plane]
  {
    let runs = images[0].runs.isEmpty ? [Run(first: [:])] : images[0].runs
    var pageCount = 0
    for file in Set(runs.map(\.file)) { pageCount += try pages(file).count }
    let damaged = "it was not written to its end, or lacks files; copy the whole set again from its source"
    guard let planeCount, planeCount <= pageCount else {
      throw ImageFileError(
        path: path,
        "has \(pageCount) pages\(isOneFile ? "" : " in the files of its set"), and its OME-XML names "
          + "\(planeCount.map(String.init) ?? "far more") planes", hint: damaged)
    }
    var found = [TIFFStack.Plane?](repeating: nil, count: planeCount)
    for run in runs {
      let pages = try pages(run.file)
      var place = 0
      for axis in axes {
        let index = (run.first[axis.name] ?? 0) / (axis.name == "C" ? samples : 1)
        guard (0..<axis.length).contains(index) else {
          throw ImageFileError(
            path: path, "places planes at \(axis.name) \(index) in its OME-XML, which has \(axis.length) of them", hint: damaged)
        }
        place = place * axis.length + index
      }
      let first = run.page ?? 0
      let count = min(run.count ?? (run.page == nil ? pages.count : 1), planeCount - place)
      guard first >= 0, count >= 0, first <= pages.count, count <= pages.count - first else {
        throw ImageFileError(
          path: path,
          "has OME-XML that names pages \(first) to \(first + max(count, 1) - 1)\(run.file.map { " of \($0)" } ?? ""), where there are "
            + "\(pages.count)", hint: damaged)
      }
      for offset in 0..<count { found[place + offset] = pages[first + offset] }
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
      func number(_ name: String) -> Int? { attributes[name].flatMap { Int($0) } }
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
