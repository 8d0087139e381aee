// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Volumes

/// Checks OME-Zarr 0.4 and 0.5 against the specification, and for what makes trouble in practice.
public enum OMEValidator {
  /// What is to be said of a Zarr hierarchy, or of a file of attributes alone (`.zattrs`, `zarr.json`, or the `attributes` of one).
  ///
  /// Looked at, beside the attributes themselves: that every group and array is there and of the Zarr version that belongs to the OME
  /// version; that levels are of one format, named axes and rank, finest first; that scales fit the voxels and translations are half a voxel
  /// for averaged levels; that labels are whole numbers with as many levels as their image; wells and images of plates.
  ///
  /// - Parameters:
  ///   - isDeep: whether every chunk is read.
  /// - Throws: where the path is not there or holds no JSON; what is wrong in an OME-Zarr is a finding.
  public static func findings(at path: String, isDeep: Bool = false) throws -> [Finding] {
    let path = OMEImage.trimmed(path)
    if let place = StoreLocation.readOnlyPlace(path) {
      throw PyramidError(
        "\(path) lies \(place), and folders are checked",
        hint: "copy it to a local folder first")
    }
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw PyramidError("\(path) does not exist", hint: "check the path")
    }
    guard isFolder.boolValue else {
      let json = try JSON.parse([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), file: path)
      guard var members = json.members else {
        return [Finding(severity: .error, place: path, message: "is no JSON object", hint: "name a file of attributes")]
      }
      // A whole zarr.json.
      if members["zarr_format"] != nil { members = members["attributes"]?.members ?? [:] }
      return AttributeRules(members, file: path, hasArrays: false).list.findings
    }
    return HierarchyRules(isDeep: isDeep).findings(at: path)
  }
}

/// The rules for a group and what lies in it.
private struct HierarchyRules {
  let isDeep: Bool

  func findings(at path: String) -> [Finding] {
    var list = FindingList(file: path)
    let node: ZarrNode?
    do { node = try ZarrNode.read(in: LocalStore(directory: path), at: "") } catch {
      list.error("", error.message, hint: error.hint ?? "copy it again from its source")
      return list.findings
    }
    guard case .group(let format, let attributes)? = node else {
      let isArray = if case .array? = node { true } else { false }
      list.error("", isArray ? "is an array, and not a group" : "is not a Zarr group", hint: "name the folder of an OME-Zarr")
      return list.findings
    }
    let file = path + (format == .v3 ? "/zarr.json" : "/.zattrs")
    let rules = AttributeRules(attributes, file: file, hasArrays: true)
    var all = rules.list.findings
    if format == .v2, !FileAccess.exists(path + "/.zgroup") {
      list.error(".zgroup", "is missing", hint: "add the file, with {\"zarr_format\": 2} in it")
    }
    if attributes["ome"] != nil, format == .v2 {
      list.error("", "holds the metadata of OME-Zarr 0.5 in Zarr v2", hint: "0.5 is Zarr v3: write the image again")
    } else if attributes["ome"] == nil, attributes["multiscales"] != nil, format == .v3 {
      list.error("", "holds the metadata of OME-Zarr 0.4 in Zarr v3", hint: "0.4 is Zarr v2: write the image again")
    }
    all += list.findings
    let ome = attributes["ome"]?.members ?? attributes
    for (index, multiscale) in (ome["multiscales"]?.elements ?? []).enumerated() {
      all += levels(of: multiscale, "multiscales[\(index)]", path, file, isLabels: ome["image-label"] != nil)
    }
    if ome["multiscales"] != nil, FileAccess.exists(path + "/labels") { all += labels(of: ome, path) }
    let inner =
      (ome["plate"]?["wells"]?.elements ?? []).compactMap { $0["path"]?.text }
      + (ome["well"]?["images"]?.elements ?? []).compactMap { $0["path"]?.text } + (ome["series"]?.elements ?? []).compactMap(\.text)
    for name in inner where name.split(separator: "/").allSatisfy({ $0 != ".." }) { all += findings(at: path + "/" + name) }
    return all
  }

  private func levels(of multiscale: JSON, _ place: String, _ path: String, _ file: String, isLabels: Bool) -> [Finding] {
    var list = FindingList(file: file)
    let axes = multiscale["axes"]?.elements?.map { $0["name"]?.text } ?? []
    var arrays: [(name: String, array: ChunkedArray, dataset: JSON)] = []
    for (index, dataset) in (multiscale["datasets"]?.elements ?? []).enumerated() {
      guard let name = dataset["path"]?.text else { continue }
      let place = "\(place).datasets[\(index)]"
      do {
        arrays.append((name, try ChunkedArray.open(in: LocalStore(directory: path), node: name), dataset))
      } catch {
        list.error(place, error.message, hint: error.hint ?? "copy the image again from its source")
      }
    }
    for (index, level) in arrays.enumerated() {
      check(level.name, level.array, axes, isLabels, path, &list)
      if index > 0 { compare(arrays[index - 1], arrays[0], level, multiscale, place, &list) }
      guard isDeep else { continue }
      for chunk in level.array.damagedChunks(in: level.array.extent.box) {
        list.error(chunk, "cannot be read", hint: "copy the file again from its source")
      }
    }
    return list.findings
  }

  /// What an array says of itself.
  private func check(_ name: String, _ array: ChunkedArray, _ axes: [String?], _ isLabels: Bool, _ path: String, _ list: inout FindingList)
  {
    let metadata = array.metadata
    let place = "level `\(name)`"
    if !axes.isEmpty, array.extent.rank != axes.count {
      list.error(
        place, "has \(array.extent.rank) axes (\(array.extent)), and the image names \(axes.count)", hint: "name as many as there are")
    } else if metadata.format == .v3 {
      if let names = metadata.dimensionNames {
        if names != axes {
          func text(_ names: [String?]) -> String { names.map { $0 ?? "none" }.joined(separator: ", ") }
          list.error(place, "has the `dimension_names` \(text(names)), and the image the axes \(text(axes))", hint: "make them the same")
        }
      } else {
        list.error(place, "has no `dimension_names`", hint: "add the names of the axes to \(path)/\(name)/zarr.json")
      }
    } else if !metadata.hasNestedChunks, array.extent.rank > 1 {
      list.warning(place, "has chunks that do not lie in folders", hint: "`dimension_separator` is to be \"/\": write the image again")
    }
    if isLabels, !array.voxelType.isInteger {
      list.error(place, "has voxels of \(array.voxelType.rawValue), and labels are whole numbers", hint: "write the labels again")
    }
  }

  /// What a level says beside the finer and the finest one.
  private func compare(
    _ finer: (name: String, array: ChunkedArray, dataset: JSON), _ finest: (name: String, array: ChunkedArray, dataset: JSON),
    _ level: (name: String, array: ChunkedArray, dataset: JSON), _ multiscale: JSON, _ place: String, _ list: inout FindingList
  ) {
    let place = "level `\(level.name)`"
    let (a, b) = (finer.array, level.array)
    guard a.extent.rank == b.extent.rank else { return }
    if a.voxelType != b.voxelType {
      list.error(
        place, "has voxels of \(b.voxelType.rawValue), and `\(finer.name)` has \(a.voxelType.rawValue)", hint: "write the image again")
    }
    if zip(b.extent.lengths, a.extent.lengths).contains(where: >) {
      list.error(place, "of \(b.extent) is larger than `\(finer.name)` of \(a.extent)", hint: "list the levels finest first")
    }
    guard let first = transformation(finest), let own = transformation(level) else { return }
    let axes = multiscale["axes"]?.elements ?? []
    for axis in axes.indices where axes[axis]["type"]?.text == "space" && axis < first.scale.count && b.extent[axis] > 0 {
      let name = axes[axis]["name"]?.text ?? "\(axis)"
      let factor = own.scale[axis] / first.scale[axis]
      let (fine, coarse) = (Double(finest.array.extent[axis]), Double(b.extent[axis]))
      // A level may be rounded up or down at its end.
      if fine / (coarse + 1) > factor * 1.0001 || (coarse > 1 && fine / (coarse - 1) < factor * 0.9999) {
        list.warning(
          place, "has \(b.extent[axis]) voxels along \(name) for \(finest.array.extent[axis]), and its scale says \(short(factor)) to one",
          hint: "correct the scale")
      }
      let shift = (own.translation[axis] - first.translation[axis]) / first.scale[axis]
      if factor > 1.01, abs(shift) < 1e-6 * factor {
        list.warning(
          place,
          "begins where `\(finest.name)` does along \(name): a level of means of \(short(factor)) voxels lies "
            + "\(short((factor - 1) / 2)) voxels on", hint: "add a translation of (scale − finest scale) / 2, unless voxels were left out")
      }
    }
  }

  private func transformation(_ level: (name: String, array: ChunkedArray, dataset: JSON)) -> CoordinateTransformations? {
    var place = CoordinateTransformations(rank: level.array.extent.rank)
    guard let transformations = level.dataset["coordinateTransformations"],
      (try? place.append(transformations, file: "")) != nil, place.scale.allSatisfy({ $0 > 0 })
    else { return nil }
    return place
  }

  private func short(_ value: Double) -> String { String(format: "%.4g", value) }

  private func labels(of image: [String: JSON], _ path: String) -> [Finding] {
    var list = FindingList(file: path + "/labels")
    let attributes: [String: JSON]
    switch try? ZarrNode.read(in: LocalStore(directory: path), at: "labels") {
    case .group(_, let members)?: attributes = members["ome"]?.members ?? members
    default:
      list.error("", "is not a Zarr group", hint: "remove the folder, or write the labels again")
      return list.findings
    }
    guard let names = attributes["labels"]?.elements?.compactMap(\.text) else {
      list.error("", "does not list the label images in `labels`", hint: "add their names")
      return list.findings
    }
    let count = image["multiscales"]?.elements?.first?["datasets"]?.elements?.count
    var all: [Finding] = []
    for name in names where !name.split(separator: "/").contains("..") {
      let folder = path + "/labels/" + name
      all += findings(at: folder)
      guard case .group(_, let members)? = try? ZarrNode.read(in: LocalStore(directory: folder), at: "") else { continue }
      let label = members["ome"]?.members ?? members
      if label["image-label"] == nil {
        list.warning(name, "has no `image-label`", hint: "add it, so that viewers show it as labels")
      }
      let levels = label["multiscales"]?.elements?.first?["datasets"]?.elements?.count
      if let count, let levels, count != levels {
        list.error(name, "has \(levels) levels, and its image has \(count)", hint: "write the labels with as many levels")
      }
    }
    return list.findings + all
  }
}
