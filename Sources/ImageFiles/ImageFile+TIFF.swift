// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

extension ImageFile {
  /// Opens a TIFF stack: the pages of a file, or those of the set of files that its OME-XML names, with the smaller copies of its pages as
  /// levels.
  static func openTIFF(path: String, axes: String?, spacing: [Double]?) throws(ImageFileError) -> StoredImage {
    var (stack, description, files) = try planes(of: path)
    if let axes { try description.name(letters(axes), samples: stack.samples, path: path) }
    var image = try image(stack, description, spacing: spacing)
    image.files = files == [path] ? nil : files
    return image
  }

  /// The planes of a file, or those that its OME-XML names in whatever file, what is said of them, and the files that all of that lies in.
  static func planes(
    of path: String
  ) throws(ImageFileError) -> (stack: TIFFStack, description: TIFFDescription, files: [String]) {
    let file = try TIFFStack(path: path)
    if let found = try omeStack(file) { return found }
    return (file, try TIFFDescription(of: file), [path])
  }

  /// An image of planes, and of their smaller copies.
  static func image(_ stack: TIFFStack, _ description: TIFFDescription, spacing: [Double]?) throws(ImageFileError) -> StoredImage {
    let path = stack.path
    if stack.samples > 1, let channels = description.stack.first(where: { $0.name == "c" }) {
      throw ImageFileError(
        path: path, "has \(stack.samples) samples a pixel and \(channels.length) channels of pages: only one of both is read",
        hint: "split the channels, or convert it to OME-Zarr")
    }
    let isVolume = description.stack.contains { $0.name == "z" }
    let stored = description.spacing.suffix(isVolume ? 3 : 2).map { $0 ?? 1 }
    let space = PhysicalSpace(spacing: try checkedSpacing(stored, given: spacing, path: path), unit: description.unit)
    var axes = description.stack.map { Axis(name: $0.name, unit: $0.name == "z" ? space.unit : nil) }
    axes += ["y", "x"].map { Axis(name: $0, unit: space.unit) }
    if stack.samples > 1 { axes.append(Axis(name: "c")) }
    let planes = Extent(description.stack.map(\.length))
    let copies = try stack.copies()
    let levels = ([stack] + copies).enumerated().map { number, level in
      func source<Stored: VoxelScalar>(_ type: Stored.Type) -> any VoxelSource { TIFFSource<Stored>(pages: level, stack: planes) }
      return StoredImage.Level(
        source: source(level.voxelType.scalar),
        space: space.coarsened(from: [stack.height, stack.width], to: [level.height, level.width]),
        name: copies.isEmpty ? "" : "\(number)")
    }
    return StoredImage(
      path: path, format: "TIFF", axes: axes, levels: levels, isColour: stack.isColour && (stack.samples == 3 || stack.samples == 4))
  }

  /// The planes that OME-XML names, in its order; `nil` where a file has none.
  private static func omeStack(
    _ file: TIFFStack
  ) throws(ImageFileError) -> (stack: TIFFStack, description: TIFFDescription, files: [String])? {
    guard var ome = try OMEDescription(file.description, samples: file.samples, path: file.path) else { return nil }
    // The file that the OME-XML lies in.
    var master = (path: file.path, planes: file.planes)
    if let name = ome.metadataFile {
      let path = try sibling(name, of: file.path)
      let text: String
      if try isTIFF(path) {
        let stack = try TIFFStack(path: path)
        try file.checkIsLike(stack)
        (master, text) = ((path, stack.planes), stack.description)
      } else {
        (master, text) = ((path, []), String(decoding: try beginning(of: path, count: 64 << 20), as: UTF8.self))
      }
      guard let whole = try OMEDescription(text, samples: file.samples, path: path), whole.metadataFile == nil else {
        throw ImageFileError(
          path: path, "has no OME-XML of planes, and \(file.path) names it as the file that has it",
          hint: "copy the whole set of files again from its source")
      }
      ome = whole
    }
    try ome.checkIsLike(file)
    var known = [file.path: file.planes]
    known[master.path] = master.planes
    let isOneFile = ome.isOneFile
    let planes = try ome.planes(of: master.path) { name throws(ImageFileError) in
      guard let name else { return master.planes }
      // A file that is no set may have another name than it was written under.
      if isOneFile, !FileManager.default.fileExists(atPath: beside(name, master.path)) { return master.planes }
      let path = try sibling(name, of: master.path)
      if let planes = known[path] { return planes }
      let stack = try TIFFStack(path: path)
      try file.checkIsLike(stack)
      known[path] = stack.planes
      return stack.planes
    }
    guard file.path == master.path || planes.contains(where: { $0.file == file.path }) else {
      throw ImageFileError(
        path: file.path, "names \(master.path) as the file that tells of it, which does not list it",
        hint: "copy the whole set of files again from its source, or name \(master.path)")
    }
    let files = Set(planes.map(\.file)).union([file.path, master.path]).sorted()
    return (file.holding(planes, path: file.path), TIFFDescription(ome), files)
  }

  /// A file of a set, beside another one.
  private static func sibling(_ name: String, of path: String) throws(ImageFileError) -> String {
    guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
      throw ImageFileError(
        path: path, "names a file of its set outside its folder: \(name)",
        hint: "move the files of the set into one folder, as OME-TIFF has them")
    }
    let other = beside(name, path)
    guard FileManager.default.fileExists(atPath: other) else {
      throw ImageFileError(
        path: path, "is one of a set of files, and \(other) of the set does not exist",
        hint: "put all files of the set into one folder, under the names that they were written with")
    }
    return other
  }

  private static func beside(_ name: String, _ path: String) -> String { (path.lastIndex(of: "/").map { path[...$0] } ?? "") + name }
}

extension PhysicalSpace {
  /// The space of a smaller copy of planes, whose pixels are means of whole numbers of pixels where the sizes allow that.
  ///
  /// - Parameters:
  ///   - finest: pixels along y and x.
  ///   - copy: those of the copy.
  fileprivate func coarsened(from finest: [Int], to copy: [Int]) -> PhysicalSpace {
    var space = self
    var shift = [Double](repeating: 0, count: rank)
    for (axis, (fine, coarse)) in zip(rank - 2..<rank, zip(finest, copy)) {
      let whole = Int((Double(fine) / Double(coarse)).rounded())
      // What is left at the end is dropped, or rounded up.
      let isWhole = coarse == fine / whole || coarse == (fine + whole - 1) / whole
      let factor = isWhole ? Double(whole) : Double(fine) / Double(coarse)
      space.spacing[axis] *= factor
      shift[axis] = (factor - 1) / 2
    }
    space.origin = world(of: shift)
    return space
  }
}
