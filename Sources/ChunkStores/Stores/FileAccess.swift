// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Whole files through POSIX calls, with errors that name the path and the cause.
package enum FileAccess {
  /// The largest file that is read: no chunk and no metadata come near it.
  static let largestFile = 8 << 30

  /// The bytes of a file; `nil` where there is no such file.
  package static func read(_ path: String) throws(ChunkStoreError) -> [UInt8]? {
    try open(path) { (descriptor, size) throws(ChunkStoreError) in
      guard size <= largestFile else {
        throw ChunkStoreError("\(path) has \(size) bytes, more than any chunk", hint: "the file is damaged, or no part of an array")
      }
      return try read(descriptor, 0..<size, path)
    }
  }

  /// A part of a file; `nil` where there is no such file.
  static func read(_ path: String, _ range: ByteRange) throws(ChunkStoreError) -> ValuePart? {
    try open(path) { (descriptor, size) throws(ChunkStoreError) in
      ValuePart(bytes: try read(descriptor, range.clamped(to: size), path), total: size)
    }
  }

  /// Opens a file and tells its size; `nil` where there is no such file.
  private static func open<Result>(
    _ path: String, _ body: (_ descriptor: Int32, _ size: Int) throws(ChunkStoreError) -> Result
  ) throws(ChunkStoreError) -> Result? {
    // A pipe is not waited for.
    let descriptor = unsafe Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw failure("read", path, errno)
    }
    defer { close(descriptor) }
    var information = stat()
    guard unsafe fstat(descriptor, &information) == 0 else { throw failure("read", path, errno) }
    return try body(descriptor, Int(information.st_size))
  }

  /// Bytes of an open file: fewer where it ends before.
  private static func read(_ descriptor: Int32, _ range: Range<Int>, _ path: String) throws(ChunkStoreError) -> [UInt8] {
    var code: Int32 = 0
    if range.isEmpty { return [] }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { target, filled in
      while filled < range.count {
        let count = unsafe pread(descriptor, target.baseAddress! + filled, range.count - filled, off_t(range.lowerBound + filled))
        if count < 0 && errno == EINTR { continue }
        if count < 0 { code = errno }
        if count <= 0 { break }
        filled += count
      }
    }
    guard code == 0 else { throw failure("read", path, code) }
    return bytes
  }

  /// Writes a new file; false where its folder does not exist. A file that cannot be finished is removed.
  static func write(_ bytes: RawSpan, to path: String) throws(ChunkStoreError) -> Bool {
    let descriptor = unsafe Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      if errno == ENOENT { return false }
      throw failure("write", path, errno)
    }
    var failed: Int32 = 0
    var written = 0
    while written < bytes.byteCount {
      let count = unsafe bytes.withUnsafeBytes { source in
        unsafe Foundation.write(descriptor, source.baseAddress! + written, source.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        failed = count < 0 ? errno : ENOSPC
        break
      }
      written += count
    }
    if close(descriptor) != 0 && failed == 0 { failed = errno }
    guard failed == 0 else {
      unsafe unlink(path)
      throw failure("write", path, failed)
    }
    return true
  }

  /// Creates a folder and those above it.
  package static func createFolder(_ path: String) throws(ChunkStoreError) {
    if unsafe mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw failure("create the folder", path, errno)
    }
    try createFolder(String(path[..<slash]))
    if unsafe mkdir(path, 0o777) != 0 && errno != EEXIST { throw failure("create the folder", path, errno) }
  }

  /// Renames a file or folder, in place of a file of that name; where that fails the first one, a temporary file, is removed.
  package static func rename(_ temporary: String, to path: String) throws(ChunkStoreError) {
    guard unsafe Foundation.rename(temporary, path) != 0 else { return }
    let code = errno
    unsafe unlink(temporary)
    throw failure("write", path, code)
  }

  /// Waits until the names in a folder are on the disk: after a power cut, a file that was created or renamed there is found.
  package static func synchroniseFolder(_ path: String) throws(ChunkStoreError) {
    let descriptor = unsafe Foundation.open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      // One may write to a folder that one may not list; its names then reach the disk in their own time.
      if errno == EACCES { return }
      throw failure("open", path, errno)
    }
    defer { close(descriptor) }
    // EINVAL: a file system that keeps its own order.
    if fsync(descriptor) != 0 && errno != EINVAL { throw failure("write", path, errno) }
  }

  /// Waits until the names in a folder and in all folders below it are on the disk.
  package static func synchroniseFolders(in path: String) throws(ChunkStoreError) {
    for case let name as String in FileManager.default.enumerator(atPath: path) ?? .init() {
      var information = stat()
      let folder = path + "/" + name
      guard unsafe lstat(folder, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else { continue }
      try synchroniseFolder(folder)
    }
    try synchroniseFolder(path)
  }

  /// Waits until the bytes of a file are on the disk.
  package static func synchroniseFile(_ path: String) throws(ChunkStoreError) {
    let descriptor = unsafe Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path, errno) }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 && errno != EINVAL { throw failure("write", path, errno) }
  }

  /// Removes a file, if there is one.
  package static func removeFile(_ path: String) throws(ChunkStoreError) {
    if unsafe unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR { throw failure("remove", path, errno) }
  }

  /// Whether anything has that path.
  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Whether a folder has that path.
  package static func isFolder(_ path: String) -> Bool {
    var information = stat()
    return unsafe stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// What tells a file from one that was there under its name before.
  struct Change: Sendable, Equatable {
    var number: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
  }

  /// - Throws: where the file is not there, or may not be looked at.
  static func change(of path: String) throws(ChunkStoreError) -> Change {
    var information = stat()
    guard unsafe stat(path, &information) == 0 else { throw failure("read", path, errno) }
    return Change(
      number: UInt64(information.st_ino), size: Int64(information.st_size), seconds: information.st_mtim.tv_sec,
      nanoseconds: information.st_mtim.tv_nsec)
  }

  private static func failure(_ verb: String, _ path: String, _ code: Int32) -> ChunkStoreError {
    switch code {
    case ENOSPC, EDQUOT:
      ChunkStoreError(
        "cannot \(verb) \(path): the disk is full", hint: "free some space, or choose an output on another disk", isOfTheDisk: true)
    case EACCES, EPERM, EROFS:
      ChunkStoreError(
        "cannot \(verb) \(path): \(code == EROFS ? "the file system is read-only" : "no permission")",
        hint: "choose another place, or change the permissions of this one", isOfTheDisk: true)
    default:
      ChunkStoreError(
        "cannot \(verb) \(path): \(unsafe String(cString: strerror(code)))",
        hint: "check that the disk is there, has room, and may be read and written", isOfTheDisk: true)
    }
  }
}
