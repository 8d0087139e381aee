// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Volumes

/// The rules of OME-NGFF 0.4 and 0.5 for the attributes of one node, as far as they tell without any other node:
/// https://ngff.openmicroscopy.org/0.4 and https://ngff.openmicroscopy.org/0.5
struct AttributeRules {
  private(set) var list: FindingList
  /// `0.4` or `0.5`; `nil` where the attributes do not tell.
  private(set) var version: String?
  /// Whether numbers of a scale that do not fit the axes are errors: the schemas cannot tell, and their own examples have some.
  private let isStrictOfLengths: Bool

  private static let respell = "correct it in the metadata, or write the image again with another program"

  /// - Parameters:
  ///   - attributes: those of a node; 0.5 has all of OME's in `ome`.
  ///   - hasArrays: whether they are those of a whole image.
  init(_ attributes: [String: JSON], file: String, hasArrays: Bool) {
    list = FindingList(file: file)
    isStrictOfLengths = hasArrays
    let members: [String: JSON]
    if let ome = attributes["ome"] {
      guard let inner = ome.members else {
        list.error("ome", "is \(ome.shown), and not an object", hint: Self.respell)
        return
      }
      members = inner
      version = inner["version"]?.text
      if version == nil {
        list.error("ome", "has no `version`", hint: "add \"version\": \"0.5\"")
      } else if version != "0.5" {
        list.error("ome.version", "is `\(version ?? "")`, and 0.5 is known here", hint: "validate it with a newer program")
      }
    } else {
      members = attributes
      version = "0.4"
    }
    let known: [(String, (inout AttributeRules, JSON) -> Void)] = [
      ("multiscales", { $0.checkMultiscales($1) }), ("omero", { $0.checkOmero($1) }), ("image-label", { $0.checkLabel($1) }),
      ("labels", { $0.checkLabels($1) }), ("plate", { $0.checkPlate($1) }), ("well", { $0.checkWell($1) }),
      ("bioformats2raw.layout", { $0.checkLayout($1) }), ("series", { _, _ in }),
    ]
    var isKnown = false
    for (name, check) in known {
      guard let value = members[name] else { continue }
      isKnown = true
      check(&self, value)
    }
    if !isKnown {
      list.error(
        "", "there are no metadata of OME-Zarr: neither multiscales, labels, plate nor well",
        hint: "name the group of an image, or write the image again")
    } else if members["omero"] != nil, members["multiscales"] == nil {
      list.error("omero", "stands without `multiscales`", hint: Self.respell)
    }
  }

  // MARK: Images

  private mutating func checkMultiscales(_ json: JSON) {
    guard let elements = nonEmpty(json, "multiscales") else { return }
    for (index, multiscale) in elements.enumerated() {
      let place = "multiscales[\(index)]"
      guard multiscale.members != nil else {
        list.error(place, "is \(multiscale.shown), and not an object", hint: Self.respell)
        continue
      }
      if let stated = multiscale["version"], version == "0.4", stated.text != "0.4" {
        list.error("\(place).version", "is \(stated.shown), and 0.4 is known here", hint: "validate it with another program")
      }
      if let name = multiscale["name"] {
        if name.text == nil { list.error("\(place).name", "is \(name.shown), and not a text", hint: Self.respell) }
      } else {
        list.warning(place, "has no `name`", hint: "add one: viewers show it")
      }
      let rank = checkAxes(multiscale["axes"], place)
      if let transformations = multiscale["coordinateTransformations"] {
        checkTransformations(transformations, rank, "\(place).coordinateTransformations")
      }
      guard let datasets = multiscale["datasets"] else {
        list.error(place, "has no `datasets`", hint: "list the levels, finest first")
        continue
      }
      for (level, dataset) in (nonEmpty(datasets, "\(place).datasets") ?? []).enumerated() {
        let place = "\(place).datasets[\(level)]"
        if dataset["path"]?.text == nil {
          list.error("\(place).path", "is \(dataset["path"]?.shown ?? "missing"), and not a text", hint: "name the array, as \"\(level)\"")
        }
        if let transformations = dataset["coordinateTransformations"] {
          checkTransformations(transformations, rank, "\(place).coordinateTransformations")
        } else {
          list.error(place, "has no `coordinateTransformations`", hint: "add a scale, one number an axis")
        }
      }
    }
  }

  /// - Returns: how many axes there are; `nil` where that is not known.
  private mutating func checkAxes(_ json: JSON?, _ place: String) -> Int? {
    let place = "\(place).axes"
    guard let axes = json?.elements else {
      list.error(place, "is \(json?.shown ?? "missing"), and not a list", hint: "list the axes, as {\"name\": \"z\", \"type\": \"space\"}")
      return nil
    }
    if !(2...5).contains(axes.count) { list.error(place, "has \(axes.count) axes, and 2 to 5 are allowed", hint: Self.respell) }
    var names: Set<String> = []
    var kinds: [Int] = []
    for (index, axis) in axes.enumerated() {
      let place = "\(place)[\(index)]"
      if let name = axis["name"]?.text {
        if !names.insert(name).inserted {
          list.error(place, "has the name `\(name)` of another axis", hint: "give each axis a name of its own")
        }
      } else {
        list.error(place, "has no `name`", hint: "name it, as z")
      }
      let type = axis["type"]
      if let type, type.text == nil {
        list.error("\(place).type", "is \(type.shown), and not a text", hint: "space, time or channel")
      }
      kinds.append(["time": 0, "space": 2][type?.text ?? ""] ?? 1)
      if let unit = axis["unit"] {
        if unit.text == nil {
          list.error("\(place).unit", "is \(unit.shown), and not a text", hint: "a name, as micrometer")
        } else if type?.text == "space", LengthUnit(unit.text ?? "")?.name != unit.text {
          list.warning("\(place).unit", "`\(unit.text ?? "")` is not the name of a length", hint: "write it out, as micrometer")
        }
      } else if type?.text == "space" {
        list.warning(place, "has no `unit`", hint: "add one, as micrometer")
      }
    }
    let space = kinds.count { $0 == 2 }
    if !(2...3).contains(space) { list.error(place, "has \(space) axes of type space, and 2 or 3 are needed", hint: Self.respell) }
    if kinds.count(where: { $0 == 0 }) > 1 { list.error(place, "has several axes of type time", hint: Self.respell) }
    if kinds.count(where: { $0 == 1 }) > 1 { list.error(place, "has several axes that are neither space nor time", hint: Self.respell) }
    if kinds != kinds.sorted() {
      list.error(place, "are not in the order time, channel, space", hint: "write the image again with its axes in that order")
    }
    let spatial = axes.filter { $0["type"]?.text == "space" }.compactMap { $0["name"]?.text }
    if spatial.sorted(by: >) != spatial, Set(spatial).isSubset(of: ["x", "y", "z"]) {
      list.warning(place, "has the spatial axes \(spatial.joined(separator: ", "))", hint: "z, y, x is what most programs expect")
    }
    return axes.count
  }

  private mutating func checkTransformations(_ json: JSON, _ rank: Int?, _ place: String) {
    guard let transformations = nonEmpty(json, place) else { return }
    var order: [String] = []
    for (index, transformation) in transformations.enumerated() {
      let place = "\(place)[\(index)]"
      let type = transformation["type"]?.text ?? ""
      guard ["scale", "translation", "identity"].contains(type) else {
        list.error(
          place, "is of the type \(transformation["type"]?.shown ?? "none"), and scale and translation are known", hint: Self.respell)
        continue
      }
      order.append(type)
      if type == "identity" { continue }
      if transformation[type] == nil, transformation["path"]?.text != nil { continue }
      let numbers = transformation[type]?.elements?.compactMap(\.number) ?? []
      guard !numbers.isEmpty, numbers.count == transformation[type]?.elements?.count else {
        list.error(place, "`\(type)` is \(transformation[type]?.shown ?? "missing"), and not a list of numbers", hint: "one number an axis")
        continue
      }
      if type == "scale", numbers.contains(where: { $0 <= 0 }) {
        list.error(
          place, "has the scale \(transformation[type]?.shown ?? ""), and each is above 0", hint: "give the distance between voxels")
      }
      guard let rank, numbers.count != rank else { continue }
      let message = "has \(numbers.count) numbers, and there are \(rank) axes"
      if isStrictOfLengths {
        list.error(place, message, hint: "one number an axis")
      } else {
        list.warning(place, message, hint: "one number an axis")
      }
    }
    guard order.count == transformations.count else { return }
    let scales = order.count { $0 == "scale" }
    if scales != 1 { list.error(place, "has \(scales) scales, and one is needed", hint: Self.respell) }
    if order.count(where: { $0 == "translation" }) > 1 { list.error(place, "has several translations", hint: "add them up") }
    if let scale = order.firstIndex(of: "scale"), let translation = order.firstIndex(of: "translation"), translation < scale {
      list.error(place, "has its translation before the scale", hint: "put the scale first")
    }
  }

  private mutating func checkOmero(_ json: JSON) {
    guard let channels = json["channels"]?.elements else {
      list.error("omero", "has no list of `channels`", hint: Self.respell)
      return
    }
    for (index, channel) in channels.enumerated() {
      let place = "omero.channels[\(index)]"
      if let colour = channel["color"]?.text {
        if colour.utf8.count != 6 || UInt32(colour, radix: 16) == nil {
          list.warning("\(place).color", "is `\(colour)`", hint: "six hexadecimal digits, as FF0000")
        }
      } else {
        list.error(
          "\(place).color", "is \(channel["color"]?.shown ?? "missing"), and not a text", hint: "six hexadecimal digits, as FF0000")
      }
      let missing = ["start", "end", "min", "max"].filter { channel["window"]?[$0]?.number == nil }
      if !missing.isEmpty {
        list.error("\(place).window", "lacks \(missing.joined(separator: ", "))", hint: "four numbers: start, end, min, max")
      }
    }
  }

  // MARK: Labels

  private mutating func checkLabels(_ json: JSON) {
    guard let names = json.elements, names.allSatisfy({ $0.text != nil }) else {
      list.error("labels", "is \(json.shown), and not a list of names", hint: Self.respell)
      return
    }
    if Set(names.compactMap(\.text)).count != names.count { list.error("labels", "names one twice", hint: "name each once") }
  }

  private mutating func checkLabel(_ json: JSON) {
    guard json.members != nil else {
      list.error("image-label", "is \(json.shown), and not an object", hint: Self.respell)
      return
    }
    for name in ["colors", "properties"] {
      guard let value = json[name], let entries = nonEmpty(value, "image-label.\(name)") else { continue }
      var seen: Set<Double> = []
      for (index, entry) in entries.enumerated() {
        let place = "image-label.\(name)[\(index)]"
        guard let label = entry["label-value"]?.number else {
          list.error(place, "has no `label-value`", hint: "name the label that it is about")
          continue
        }
        if !seen.insert(label).inserted {
          list.error(place, "is a second one of the label \(entry["label-value"]?.shown ?? "")", hint: "keep one")
        }
        guard name == "colors", let rgba = entry["rgba"] else { continue }
        let parts = rgba.elements?.compactMap(\.whole).filter { (0...255).contains($0) } ?? []
        if parts.count != 4 || rgba.elements?.count != 4 {
          list.error("\(place).rgba", "is \(rgba.shown), and not four whole numbers from 0 to 255", hint: "as [255, 0, 0, 255]")
        }
      }
    }
    if let image = json["source"]?["image"], image.text == nil {
      list.error("image-label.source.image", "is \(image.shown), and not a path", hint: "as \"../../\"")
    }
  }

  // MARK: Plates

  private mutating func checkPlate(_ json: JSON) {
    for name in ["columns", "rows"] {
      guard let value = json[name] else {
        list.error("plate", "has no `\(name)`", hint: Self.respell)
        continue
      }
      var seen: Set<String> = []
      for (index, entry) in (nonEmpty(value, "plate.\(name)") ?? []).enumerated() {
        let place = "plate.\(name)[\(index)].name"
        guard let text = entry["name"]?.text, Self.isAlphanumeric(text) else {
          list.error(place, "is \(entry["name"]?.shown ?? "missing"), and not letters and digits", hint: "as A, or 1")
          continue
        }
        if !seen.insert(text).inserted { list.error(place, "`\(text)` is there twice", hint: "give each a name of its own") }
      }
    }
    let counts = (json["rows"]?.elements?.count ?? .max, json["columns"]?.elements?.count ?? .max)
    if let wells = json["wells"] {
      for (index, well) in (nonEmpty(wells, "plate.wells") ?? []).enumerated() {
        let place = "plate.wells[\(index)]"
        let parts = well["path"]?.text?.split(separator: "/", omittingEmptySubsequences: false) ?? []
        if parts.count != 2 || !parts.allSatisfy({ Self.isAlphanumeric(String($0)) }) {
          list.error("\(place).path", "is \(well["path"]?.shown ?? "missing"), and not a row and a column", hint: "as A/1")
        }
        for (name, count) in [("rowIndex", counts.0), ("columnIndex", counts.1)] where !(0..<count).contains(well[name]?.whole ?? -1) {
          list.error("\(place).\(name)", "is \(well[name]?.shown ?? "missing"), and not the number of one", hint: "count from 0")
        }
      }
    } else {
      list.error("plate", "has no `wells`", hint: Self.respell)
    }
    if let count = json["field_count"], (count.whole ?? 0) <= 0 {
      list.error("plate.field_count", "is \(count.shown), and not a whole number above 0", hint: Self.respell)
    }
    for (index, acquisition) in (json["acquisitions"]?.elements ?? []).enumerated() {
      let place = "plate.acquisitions[\(index)]"
      if (acquisition["id"]?.whole ?? -1) < 0 {
        list.error("\(place).id", "is \(acquisition["id"]?.shown ?? "missing"), and not a whole number from 0", hint: Self.respell)
      }
      for (name, least) in [("maximumfieldcount", 1), ("starttime", 0), ("endtime", 0)] {
        if let value = acquisition[name], (value.whole ?? -1) < least {
          list.error("\(place).\(name)", "is \(value.shown), and not a whole number from \(least)", hint: Self.respell)
        }
      }
    }
  }

  private mutating func checkWell(_ json: JSON) {
    guard let images = json["images"] else {
      list.error("well", "has no `images`", hint: Self.respell)
      return
    }
    var seen: Set<String> = []
    for (index, image) in (nonEmpty(images, "well.images") ?? []).enumerated() {
      let place = "well.images[\(index)]"
      if let path = image["path"]?.text, Self.isAlphanumeric(path) {
        if !seen.insert(path).inserted { list.error("\(place).path", "`\(path)` is there twice", hint: "name each image once") }
      } else {
        list.error("\(place).path", "is \(image["path"]?.shown ?? "missing"), and not letters and digits", hint: "as 0")
      }
      if let acquisition = image["acquisition"], acquisition.whole == nil {
        list.error("\(place).acquisition", "is \(acquisition.shown), and not a whole number", hint: Self.respell)
      }
    }
  }

  private mutating func checkLayout(_ json: JSON) {
    if json.whole != 3 { list.error("bioformats2raw.layout", "is \(json.shown), and 3 is known", hint: "convert the images again") }
  }

  private static func isAlphanumeric(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
  }

  /// The elements of a list that may not be empty and has no element twice.
  private mutating func nonEmpty(_ json: JSON, _ place: String) -> [JSON]? {
    guard let elements = json.elements, !elements.isEmpty else {
      list.error(place, "is \(json.shown), and not a list of something", hint: Self.respell)
      return nil
    }
    if elements.indices.contains(where: { elements[..<$0].contains(elements[$0]) }) {
      list.error(place, "holds an entry twice", hint: "remove one")
    }
    return elements
  }
}
