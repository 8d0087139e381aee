// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// What the chunk files of an image in a local folder are, told by their names, lengths and times of change: no file is opened.
///
/// One `stat` a file, in the order of the folders; the memory does not depend on how many there are.
struct ChunkFiles: Codable, Equatable {
  private(set) var count = 0
  private(set) var bytes = 0
  /// When the last of them was changed, in milliseconds since 1970.
  private(set) var modified = 0
  /// A sum over the files, so that it does not depend on the order in which a folder lists them.
  private(set) var digest: UInt64 = 0

  /// The files in some folders and in all folders below, but those whose names begin with a dot.
  init(in folders: [String]) {
    for folder in folders { add(folder, named: Digest(folder.utf8), depth: 0) }
  }

  /// The folders that the levels of an image lie in.
  ///
  /// - Parameter path: the image, or one of its levels, which may lie three folders inside the image.
  static func folders(ofLevels levels: [String], of path: String) -> [String] {
    let image = URL(fileURLWithPath: path).standardizedFileURL
    var bases = [image]
    for _ in 0..<3 { bases.append(bases[bases.count - 1].deletingLastPathComponent()) }
    return levels.map { level in
      guard !level.isEmpty else { return image.path }
      let places = bases.map { $0.appendingPathComponent(level).standardizedFileURL.path }
      return places.first { FileManager.default.isFolder(atPath: $0) == true } ?? image.path
    }
  }

  /// - Parameters:
  ///   - named: the digest of the folder's name.
  ///   - depth: how many folders are around it; keys of chunks have a part an axis, and a link may lead back.
  private mutating func add(_ folder: String, named name: Digest, depth: Int) {
    guard depth <= 12, let listing = unsafe opendir(folder) else { return }
    defer { unsafe closedir(listing) }
    let descriptor = unsafe dirfd(listing)
    while let entry = unsafe readdir(listing) {
      let characters = unsafe UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \dirent.d_name)!)
        .assumingMemoryBound(to: CChar.self)
      guard unsafe characters[0] != CChar(UInt8(ascii: ".")) else { continue }
      var information = stat()
      guard unsafe fstatat(descriptor, characters, &information, 0) == 0 else { continue }
      var file = name
      file.add(CollectionOfOne(UInt8(ascii: "/")))
      unsafe file.add(UnsafeRawBufferPointer(start: characters, count: strlen(characters)))
      if information.st_mode & S_IFMT == S_IFDIR {
        add(unsafe folder + "/" + String(cString: characters), named: file, depth: depth + 1)
        continue
      }
      let length = Int(information.st_size)
      let (seconds, nanoseconds) = (Int(information.st_mtim.tv_sec), Int(information.st_mtim.tv_nsec))
      count += 1
      bytes += length
      modified = max(modified, seconds * 1000 + nanoseconds / 1_000_000)
      digest &+= [length, seconds, nanoseconds].reduce(file.value) { Self.mixed($0 ^ UInt64(bitPattern: Int64($1))) }
    }
  }

  /// Spreads a digest over all its bits, so that times that two files exchange do not cancel out (the finaliser of MurmurHash3, A. Appleby).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ value >> 33) &* 0xff51_afd7_ed55_8ccd
    value = (value ^ value >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return value ^ value >> 33
  }

  /// What differs from earlier ones, in words; `nil` where nothing does.
  func difference(from earlier: ChunkFiles) -> String? {
    if self == earlier { return nil }
    if count != earlier.count { return "it had \(earlier.count) chunk files, and has \(count)" }
    if bytes != earlier.bytes { return "its \(count) chunk files had \(earlier.bytes) bytes, and have \(bytes)" }
    func time(_ milliseconds: Int) -> String { Date(timeIntervalSince1970: Double(milliseconds) / 1000).ISO8601Format() }
    if modified != earlier.modified {
      return "its chunk files were last changed at \(time(earlier.modified)), and now at \(time(modified))"
    }
    return "some of its \(count) chunk files have other names, lengths or times of change"
  }
}
