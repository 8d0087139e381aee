// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
public import Volumes

extension ImageFile {
  /// The HDF5 file that a path names, alone or with a dataset in it, as `file.h5/volumes/raw`; `nil` where it leads into none.
  public static func hdf5Parts(of path: String) -> (file: String, dataset: String?)? {
    var file = path
    var inside: [String] = []
    while true {
      var isFolder: ObjCBool = false
      if unsafe FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) {
        guard !isFolder.boolValue, (try? format(of: file)) == .hdf5 else { return nil }
        return (file, inside.isEmpty ? nil : inside.joined(separator: "/"))
      }
      guard let slash = file.lastIndex(of: "/"), slash > file.startIndex else { return nil }
      inside.insert(String(file[file.index(after: slash)...]), at: 0)
      file = String(file[..<slash])
    }
  }

  /// Opens an Imaris file, or a dataset of an HDF5 file: the one that is named, or the only one of an image's rank.
  ///
  /// Axes are those of `DIMENSION_LABELS` or vigra's `axistags`, else y, x or z, y, x; the spacing is `element_size_um` or `resolution`.
  ///
  /// - Parameters:
  ///   - axes: one letter an axis in the dataset's order, as `cyx`, for one that does not name them; wins over one that does.
  /// - Throws: `ImageFileError` where it is damaged, holds no such image, or several.
  public static func openHDF5(
    path: String, dataset: String?, axes names: String? = nil, spacing: [Double]? = nil
  ) throws(ImageFileError) -> StoredImage {
    let file = try HDF5File.open(path)
    if dataset == nil, ImarisImage.isOne(file) { return try ImarisImage.open(file, spacing: spacing) }
    let source = try source(file, dataset)
    let shown = dataset.map { "\(path)/\($0)" } ?? path
    let axes = try axes(file, source, names, shown)
    let spatial = ["z", "y", "x"].compactMap { name in axes.firstIndex { $0.name == name } }
    guard !source.extent.lengths.contains(0) else {
      throw ImageFileError(
        path: shown, "holds no voxels: its extent is \(source.extent)", hint: "the file is damaged; copy it again from its source")
    }
    var unit: LengthUnit?
    var stored = spatial.map { _ in 1.0 }
    for (name, known) in [("element_size_um", LengthUnit.micrometer as LengthUnit?), ("resolution", nil)] {
      guard let numbers = file.numbers(name, of: source.name) else { continue }
      // One number a spatial axis, or one an axis of any kind.
      if numbers.count == spatial.count { stored = numbers } else if numbers.count == axes.count { stored = spatial.map { numbers[$0] } }
      unit = known ?? file.text("unit", of: source.name).flatMap { LengthUnit($0) }
      break
    }
    let space = PhysicalSpace(spacing: try checkedSpacing(stored, given: spacing, path: shown), unit: unit)
    var placed = axes
    for axis in spatial { placed[axis].unit = unit }
    return StoredImage(path: shown, format: "HDF5", axes: placed, levels: [.init(source: source, space: space, name: "")])
  }

  private static func source(_ file: HDF5File, _ name: String?) throws(ImageFileError) -> HDF5Dataset {
    let names = file.datasetNames
    if let name {
      if let dataset = file.dataset("/" + name) { return dataset }
      throw ImageFileError(
        path: file.path, "has no dataset of numbers `\(name)`",
        hint: names.isEmpty ? "it holds none" : "it holds \(names.prefix(8).joined(separator: ", "))")
    }
    let images = names.compactMap { file.dataset("/" + $0) }.filter { source in
      (2...5).contains(source.extent.rank) && source.extent.lengths.filter { $0 > 1 }.count >= 2
    }
    guard images.count == 1 else {
      let hint =
        names.first.map { "name one, as \(file.path)/\(images.first.map { String($0.name.dropFirst()) } ?? $0)" }
        ?? "it may be an empty file, or hold images in a way of its own"
      throw ImageFileError(
        path: file.path,
        images.isEmpty
          ? "holds no dataset that looks like an image"
          : "holds \(images.count) datasets that look like images: \(images.prefix(8).map { String($0.name.dropFirst()) }.joined(separator: ", "))",
        hint: hint)
    }
    return images[0]
  }

  private static func axes(
    _ file: HDF5File, _ source: HDF5Dataset, _ names: String?, _ shown: String
  ) throws(ImageFileError) -> [Axis] {
    let rank = source.extent.rank
    func usable(_ letters: [String]) -> [String]? {
      letters.count == rank && Set(letters).count == rank && letters.allSatisfy({ "zyxct".contains($0) && $0.count == 1 }) ? letters : nil
    }
    if let names {
      guard let letters = usable(ImageFile.letters(names)) else {
        throw ImageFileError(
          path: shown, "has \(rank) axes, and --axes \(names) is not understood for it",
          hint: "give one letter an axis: each of z, y, x, c (channel) and t (time) at most once")
      }
      return letters.map { Axis(name: $0) }
    }
    struct Tags: Decodable {
      struct Tag: Decodable { var key: String }
      var axes: [Tag]
    }
    let labels = file.text("DIMENSION_LABELS", of: source.name)?.split(separator: "\n").map { $0.lowercased() } ?? []
    let tags = file.text("axistags", of: source.name).flatMap { try? JSONDecoder().decode(Tags.self, from: Data($0.utf8)) }
    if let letters = usable(labels) ?? usable(tags?.axes.map(\.key) ?? []) { return letters.map { Axis(name: $0) } }
    guard rank == 2 || rank == 3 else {
      throw ImageFileError(
        path: shown, "has \(rank) axes and does not name them", hint: "name them with --axes, one letter each, as --axes czyx")
    }
    return "zyx".suffix(rank).map { Axis(name: String($0)) }
  }
}
