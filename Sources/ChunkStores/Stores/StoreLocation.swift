// SPDX-License-Identifier: Apache-2.0

/// Where values lie: a folder, a zip archive or a folder in one, or an address on the web.
public enum StoreLocation {
  /// The store at a path (`a.ome.zarr`), inside a zip archive (`a.zip`, `a.zip/image.ome.zarr`), or at an address (`https://…`, `s3://…`).
  ///
  /// Nothing is asked for yet; a folder need not exist.
  ///
  /// - Throws: where an archive cannot be opened, or an address is not understood.
  public static func store(at path: String) throws(ChunkStoreError) -> any KeyValueStore {
    if isRemote(path) { return try WebStore(path) }
    if let parts = archiveParts(of: path) { return try ZipStore(parts.archive, folder: parts.folder) }
    return LocalStore(directory: path)
  }

  /// Whether it is an address on the web.
  public static func isRemote(_ path: String) -> Bool {
    ["http://", "https://", "s3://"].contains { path.lowercased().hasPrefix($0) }
  }

  /// A path, and what is sent with each request to an address, from `?` on; empty for others.
  package static func split(_ path: String) -> (path: String, query: String) {
    guard isRemote(path), let mark = path.firstIndex(of: "?") else { return (path, "") }
    return (String(path[..<mark]), String(path[mark...]))
  }

  /// Whether it is a zip archive, or lies in one.
  public static func isInArchive(_ path: String) -> Bool { archiveParts(of: path) != nil }

  /// Where a path leads that is read and not written, in words: `on the web`, `in a zip archive`; `nil` for a place in a folder.
  package static func readOnlyPlace(_ path: String) -> String? {
    isRemote(path) ? "on the web" : isInArchive(path) ? "in a zip archive" : nil
  }

  /// The archive that a path names or leads into, and the folder inside it.
  package static func archiveParts(of path: String) -> (archive: String, folder: String)? {
    if isRemote(path) || FileAccess.isFolder(path) { return nil }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false)
    var inside: [Substring] = []
    while !parts.isEmpty {
      let outer = parts.joined(separator: "/")
      if FileAccess.isFolder(outer) { return nil }
      if FileAccess.exists(outer) { return ZipStore.isArchive(outer) ? (outer, inside.reversed().joined(separator: "/")) : nil }
      let last = parts.removeLast()
      if !last.isEmpty { inside.append(last) }
    }
    return nil
  }
}
