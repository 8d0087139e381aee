// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation

/// The names of rounds: those of their images, without the endings of formats, each unlike all others.
package enum RoundNames {
  /// Endings that tell the format, and nothing of the round.
  private static let endings: Set<String> = [
    "ome", "zarr", "n5", "zip", "tif", "tiff", "nii", "gz", "nrrd", "nhdr", "mha", "mhd", "png", "jpg", "jpeg", "h5", "hdf5", "ims",
  ]
  /// Endings of what holds images inside it: the image's name begins there.
  private static let containers: Set<String> = ["zarr", "n5", "zip", "h5", "hdf5", "ims"]
  /// What the folder of the rounds holds besides them.
  private static let taken = [RoundsRecord.fileName, "report.html"]
  private static let longest = 80

  /// A name for each path, in their order: letters, digits, `-`, `_` and `.` only; no two differ only in case.
  ///
  /// Images of one name in several folders are told apart by the names of these (`day2-image`, `day3-image`), else by a number.
  package static func names(of paths: [String]) -> [String] {
    let words = paths.map(words(of:))
    let deepest = words.map(\.outer.count).max() ?? 0
    var depths = paths.map { _ in 0 }
    func name(_ index: Int) -> String {
      sanitised((words[index].outer.suffix(depths[index]) + words[index].own).joined(separator: "-"))
    }
    for depth in 1...deepest + 1 {
      let groups = Dictionary(grouping: paths.indices) { name($0).lowercased() }
      let same = groups.values.filter { $0.count > 1 }.flatMap(\.self)
      if same.isEmpty { break }
      for index in same { depths[index] = depth }
    }
    var seen = Set(taken.map { $0.lowercased() })
    return paths.indices.map { index in
      let wish = name(index)
      let free = ([wish] + (2...paths.count + taken.count + 1).map { "\(wish)-\($0)" }).first { !seen.contains($0.lowercased()) }!
      seen.insert(free.lowercased())
      return free
    }
  }

  /// The words of an image's own name, and the folders that it lies in.
  private static func words(of path: String) -> (outer: [String], own: [String]) {
    let place = StoreLocation.split(path).path
    let parts =
      StoreLocation.isRemote(place)
      ? place.split(separator: "/").dropFirst().map(String.init)
      : URL(fileURLWithPath: place).standardizedFileURL.pathComponents.filter { $0 != "/" }
    let first = parts.firstIndex { part in part.split(separator: ".").dropFirst().contains { containers.contains($0.lowercased()) } }
    let start = first ?? max(0, parts.count - 1)
    return (parts[..<start].map(stem), parts[start...].map(stem))
  }

  /// A name without the endings of formats.
  private static func stem(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    while parts.count > 1, endings.contains(parts[parts.count - 1].lowercased()) { parts.removeLast() }
    return parts.joined(separator: ".")
  }

  private static func sanitised(_ name: String) -> String {
    let kept = name.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" }
    let trimmed = String(kept.prefix(longest)).trimmingCharacters(in: CharacterSet(charactersIn: "-."))
    return trimmed.isEmpty ? "round" : trimmed
  }
}
