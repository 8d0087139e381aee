// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import ImageFiles
internal import Volumes

/// Tells one input from another, and from what it was before, without reading its voxels.
///
/// A file, or each file of a set by its name (for what lies in HDF5 or in an archive the file around it): its bytes and when it was last
/// changed. A Zarr or N5 folder: a digest of its metadata files and when those were last changed, and, for the process that drives a run, the
/// names, lengths and times of its chunk files; at an address a digest of the metadata of the image and its levels; what is sent with each
/// request does not count.
package struct InputIdentity: Codable, Equatable {
  var path: String
  var axes: String?
  var spacing: [Double]?
  /// Bytes of the file, or of the metadata files.
  var bytes: Int?
  /// When it was last changed, in milliseconds since 1970.
  var modified: Int?
  /// Digest of the metadata files.
  var metadata: String?
  /// The files with the voxels of a Zarr or N5 folder; `nil` where they were not looked at.
  var chunks: ChunkFiles?

  /// The identity of an image as it was opened.
  ///
  /// - Parameter withChunks: whether its chunk files are looked at, one `stat` for each: by the process that drives a run, not by those of its
  ///   tasks, which may be thousands.
  init(_ image: StoredImage, withChunks: Bool = false) {
    let levels = image.levels.map(\.name)
    self.init(path: image.path, levels: levels, set: image.files)
    axes = image.givenAxes
    spacing = image.givenSpacing
    if withChunks, image.files == nil { lookAtChunks(ofLevels: levels) }
  }

  /// The same with all files in it, where it is a local folder.
  package func withChunks() -> InputIdentity {
    var identity = self
    identity.lookAtChunks(ofLevels: [""])
    return identity
  }

  private mutating func lookAtChunks(ofLevels levels: [String]) {
    guard !StoreLocation.isRemote(path), FileManager.default.isFolder(atPath: path) == true else { return }
    chunks = ChunkFiles(in: ChunkFiles.folders(ofLevels: levels, of: path))
  }

  /// The identity of a file or of a folder.
  ///
  /// - Parameters:
  ///   - levels: the levels of an image at an address, whose metadata are looked at, too.
  ///   - set: the files that an image of several is read from.
  package init(path: String, levels: [String] = [], set: [String]? = nil) {
    if let set {
      self.path = URL(fileURLWithPath: path).standardizedFileURL.path
      var digest = Digest()
      for file in set.map({ URL(fileURLWithPath: $0).standardizedFileURL }) {
        // Each by itself: two that changed places are as many bytes as before.
        let one = InputIdentity(path: file.path)
        digest.add(Data("\(one.text)\n".utf8))
        bytes = (bytes ?? 0) + (one.bytes ?? 0)
        modified = max(modified ?? 0, one.modified ?? 0)
      }
      metadata = digest.description
      return
    }
    if StoreLocation.isRemote(path) {
      self.path = path
      let store = try? StoreLocation.store(at: path)
      var digest = Digest()
      for folder in [""] + levels.filter({ !$0.isEmpty }).map({ $0 + "/" }) {
        for name in Self.metadataNames { digest.add(Data((try? store?.get(folder + name)) ?? [])) }
      }
      metadata = digest.description
      return
    }
    let url = URL(fileURLWithPath: path).standardizedFileURL
    self.path = url.path
    let file = StoreLocation.archiveParts(of: path)?.archive ?? ImageFile.hdf5Parts(of: path)?.file
    var files = [file.map { URL(fileURLWithPath: $0) } ?? url]
    if FileManager.default.isFolder(atPath: path) == true {
      files = Self.metadataFiles(in: url)
      var digest = Digest()
      for file in files { digest.add((try? Data(contentsOf: file)) ?? Data()) }
      metadata = digest.description
    }
    for file in files {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path) else { continue }
      bytes = (bytes ?? 0) + ((attributes[.size] as? NSNumber)?.intValue ?? 0)
      if let date = attributes[.modificationDate] as? Date {
        modified = max(modified ?? 0, Int((date.timeIntervalSince1970 * 1000).rounded()))
      }
    }
  }

  /// Opens the image as it was opened.
  ///
  /// - Throws: as `StoredImage.open`.
  func opened() throws -> StoredImage { try .open(path, axes: axes, spacing: spacing) }

  private static let metadataNames = [".zgroup", ".zattrs", ".zarray", "zarr.json", "attributes.json"]

  /// The metadata of a Zarr or N5 folder, of what lies directly inside it, and, for a level, of the image around it.
  private static func metadataFiles(in folder: URL) -> [URL] {
    let inner = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") && $0 != "labels" }
      .sorted().prefix(
        64)
    let folders = [folder.deletingLastPathComponent(), folder] + inner.map { folder.appendingPathComponent($0) }
    return folders.flatMap { folder in metadataNames.map { folder.appendingPathComponent($0) } }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// What differs from an earlier identity, in words; `nil` where nothing does. What one of them did not look at is not compared.
  func difference(from earlier: InputIdentity) -> String? {
    if self == earlier { return nil }
    let (place, before) = (StoreLocation.split(path).path, StoreLocation.split(earlier.path).path)
    if place != before { return "it was \(before), and is \(place)" }
    if axes != earlier.axes { return "\(path): its axes were \(earlier.axes ?? "the file's"), and are \(axes ?? "the file's")" }
    if spacing != earlier.spacing {
      func text(_ spacing: [Double]?) -> String { spacing.map { "\($0)" } ?? "the file's" }
      return "\(path): its spacing was \(text(earlier.spacing)), and is \(text(spacing))"
    }
    if bytes != earlier.bytes { return "\(path): it had \(earlier.bytes ?? 0) bytes, and has \(bytes ?? 0)" }
    if metadata != earlier.metadata { return "\(path): its metadata are others, or the files that it is read from" }
    if modified != earlier.modified {
      func time(_ milliseconds: Int?) -> String { Date(timeIntervalSince1970: Double(milliseconds ?? 0) / 1000).ISO8601Format() }
      return "\(path): it was last changed at \(time(earlier.modified)), and now at \(time(modified))"
    }
    if let chunks, let before = earlier.chunks, let change = chunks.difference(from: before) { return "\(path): \(change)" }
    // Only what is sent with each request is other, as a permission that was given anew.
    return nil
  }

  /// As a parameter of a stage, without the chunk files.
  var text: String {
    [StoreLocation.split(path).path, axes ?? "", "\(spacing ?? [])", "\(bytes ?? 0)", "\(modified ?? 0)", metadata ?? ""].joined(
      separator: "|")
  }

  /// The same with what the chunk files are.
  package var wholeText: String { text + (chunks.map { "|\($0.count)|\($0.bytes)|\($0.modified)|\($0.digest)" } ?? "") }
}
