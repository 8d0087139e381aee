// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
public import Volumes

extension ImageFile {
  /// Whether a path names planes in numbered TIFF files: a folder that holds some, or a pattern of names, as `scan/ch1_*.tif`.
  public static func isSequence(_ path: String) -> Bool { !sequenceFiles(path).names.isEmpty }

  /// Opens an image whose planes, or stacks of planes, are numbered TIFF files.
  ///
  /// One number that changes counts planes along z, unless letters before it say that it counts channels (`c`, `ch`, `channel`, `w`) or times
  /// (`t`, `time`, `frame`); where several change, such letters have to tell them apart. Numbers may begin anywhere and need no leading zeros.
  ///
  /// - Parameters:
  ///   - path: a folder, or a pattern of names with `*`.
  ///   - axes: one letter an axis: those that the numbers count, in the order of the numbers, before those of each file.
  ///   - spacing: voxel spacing (z, y, x; 2D: y, x) in place of the files'; there is none along z in files of one plane.
  /// - Throws: `ImageFileError` where files differ in size or format, belong to several series, or are missing.
  public static func openSequence(_ path: String, axes: String? = nil, spacing: [Double]? = nil) throws(ImageFileError) -> StoredImage {
    let (folder, names) = sequenceFiles(path)
    guard let only = names.first else {
      throw ImageFileError(path: path, "holds no TIFF files", hint: "check the path")
    }
    if names.count == 1 { return try open(path: folder + only, axes: axes, spacing: spacing) }
    var (stack, description, files) = try self.planes(of: folder + only)
    if files.count > 1 {
      guard Set(files).isSuperset(of: names.map { folder + $0 }) else {
        throw ImageFileError(
          path: path, "holds a set of OME-TIFF files, of which \(folder + only) is one, and others that are not of it",
          hint: "name a file of the set, as \(folder + only)")
      }
      return try open(path: folder + only, axes: axes, spacing: spacing)
    }
    let (stored, inner) = (description, description.stack.map(\.name))
    var given: [String]?
    if let letters = axes.map(letters) {
      let pageAxes = ["y", "x"] + (stack.samples > 1 ? ["c"] : [])
      let rest = inner.count + pageAxes.count
      guard letters.count > rest else {
        throw ImageFileError(
          path: path, "holds files with the axes \((inner + pageAxes).joined()), and --axes \(axes ?? "") is not understood for them",
          hint: "name first what the numbers count, as --axes z\((inner + pageAxes).joined())")
      }
      given = Array(letters.dropLast(rest))
      try description.name(letters.suffix(rest), samples: stack.samples, path: path)
    }
    let numbered = try NumberedFiles(names, given: given, path: path)
    let outer = numbered.axes.map(\.name)
    if let twice = outer.first(where: description.stack.map(\.name).contains) {
      throw ImageFileError(
        path: path, "holds stacks with an axis \(twice), and the numbers of its files would count \(twice), too",
        hint: "name what the numbers count, as --axes t\((inner + ["y", "x"]).joined())")
    }
    var planes: [TIFFStack.Plane] = []
    for name in numbered.names {
      let (file, own, others) = try self.planes(of: folder + name)
      let (axes, usual) = (own.stack.map(\.name).joined(), stored.stack.map(\.name).joined())
      try stack.checkIsLike(file)
      guard file.planes.count == stack.planes.count, others.count == 1 else {
        throw ImageFileError(
          path: file.path,
          others.count > 1
            ? "is one of a set of files, and others of \(path) are not"
            : "has \(file.planes.count) planes, and \(stack.path) \(stack.planes.count)",
          hint: "move it elsewhere, or write it again with as many planes as the others")
      }
      guard axes == usual else {
        throw ImageFileError(
          path: file.path, "has planes along \(axes), and \(stack.path) along \(usual)",
          hint: "move it elsewhere, or write it again as the others")
      }
      guard spacing != nil || (own.spacing, own.unit) == (stored.spacing, stored.unit) else {
        func text(_ description: TIFFDescription) -> String {
          description.spacing.map { $0.map { "\($0)" } ?? "none" }.joined(separator: ",") + (description.unit.map { " \($0.name)" } ?? "")
        }
        throw ImageFileError(
          path: file.path, "has the spacing \(text(own)) (z, y, x), and \(stack.path) \(text(stored))",
          hint: "give the right one, as --spacing 2,0.5,0.5")
      }
      planes += file.planes
    }
    stack = stack.holding(planes, path: path)
    description.stack = numbered.axes + description.stack
    var image = try image(stack, description, spacing: spacing)
    image.files = numbered.names.map { folder + $0 }
    return image
  }

  /// The TIFF files in a folder, or of a pattern, in the order of their names, and the folder with a final slash.
  private static func sequenceFiles(_ path: String) -> (folder: String, names: [String]) {
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if exists && !isFolder.boolValue { return ("", []) }
    var (folder, pattern) = (path.hasSuffix("/") ? path : path + "/", "*")
    if !exists {
      let slash = path.lastIndex(of: "/")
      pattern = slash.map { String(path[path.index(after: $0)...]) } ?? path
      guard pattern.contains("*") else { return ("", []) }
      folder = slash.map { String(path[...$0]) } ?? ""
    }
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    return (folder, all.filter { name in isTIFFName(name) && matches(name[...], pattern[...]) }.sorted())
  }

  private static func isTIFFName(_ name: String) -> Bool {
    !name.hasPrefix(".") && (name.lowercased().hasSuffix(".tif") || name.lowercased().hasSuffix(".tiff"))
  }

  /// Whether a name is of a pattern, in which `*` stands for any characters.
  private static func matches(_ name: Substring, _ pattern: Substring) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return name == pattern }
    let (first, last) = (parts[0], parts[parts.count - 1])
    guard name.count >= parts.map(\.count).reduce(0, +), name.hasPrefix(first), name.hasSuffix(last) else { return false }
    // Between the first and the last part, each next one as early as it occurs.
    var rest = name.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.range(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }
}
