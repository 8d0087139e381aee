// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
internal import Foundation

/// A file that is open for reading, by many threads at once.
final class OpenFile: Sendable {
  /// The file that was asked for, for messages.
  private let path: String
  private let descriptor: Int32

  /// - Throws: `ImageFileError` where it cannot be opened.
  init(path: String) throws(ImageFileError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path, errno) }
  }

  /// What the file at `path` unpacks to, from byte `offset` on: in memory, or in a temporary file, without a name, so that it goes with this
  /// value.
  ///
  /// - Parameter byteCount: what it should come to at the least.
  /// - Throws: `ImageFileError` where it is damaged or too short, or there is no room.
  init(unpacking path: String, from offset: Int, byteCount: Int, inMemory: Bool) throws(ImageFileError) {
    self.path = path
    if inMemory {
      descriptor = ccodecs_memory_file()
      guard descriptor >= 0 else { throw Self.failure(path, errno) }
      try Self.unpack(path, from: offset, byteCount, into: descriptor) { Self.failure(path, $0) }
      return
    }
    let folder = FileManager.default.temporaryDirectory.path
    var name = Array((folder + "/weft-unpacked-XXXXXX").utf8CString)
    let target = unsafe mkstemp(&name)
    guard target >= 0 else { throw Self.noRoom(path, in: folder, byteCount, errno) }
    unsafe unlink(name)
    // No program that is started gets it.
    _ = fcntl(target, F_SETFD, FD_CLOEXEC)
    do {
      try Self.unpack(path, from: offset, byteCount, into: target) { Self.noRoom(path, in: folder, byteCount, $0) }
    } catch {
      close(target)
      throw error
    }
    descriptor = target
  }

  /// Unpacks a file into nothing.
  ///
  /// - Throws: `ImageFileError` where it is damaged or too short.
  static func check(unpacking path: String, from offset: Int, byteCount: Int) throws(ImageFileError) {
    let nothing = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(nothing) }
    try unpack(path, from: offset, byteCount, into: nothing) { failure(path, $0) }
  }

  private static func unpack(
    _ path: String, from offset: Int, _ byteCount: Int, into target: Int32, failed: (Int32) -> ImageFileError
  ) throws(ImageFileError) {
    // Where more follows than the header tells of, that takes no room.
    let count = unsafe ccodecs_unpack_file(path, Int64(offset), Int64(byteCount), target)
    if count >= Int64(byteCount) { return }
    if count == Int64(CCODECS_FAILED) { throw failed(errno) }
    if count == Int64(CCODECS_UNREADABLE) { throw failure(path, errno) }
    throw ImageFileError(
      path: path,
      count == Int64(CCODECS_DAMAGED)
        ? "cannot be decompressed to its end (\(byteCount) bytes, says its header)"
        : "holds fewer bytes than its header says: \(count) of \(byteCount)", hint: "the file is cut short or damaged")
  }

  deinit { close(descriptor) }

  /// Fills `target` with the bytes from `offset` on.
  ///
  /// - Throws: `ImageFileError` where the file ends before, or cannot be read.
  func read(into target: UnsafeMutableRawBufferPointer, from offset: Int) throws(ImageFileError) {
    var filled = 0
    while filled < target.count {
      let count = unsafe pread(descriptor, target.baseAddress! + filled, target.count - filled, off_t(offset + filled))
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw Self.failure(path, errno) }
      if count == 0 { throw ImageFileError(path: path, "ends inside its voxels", hint: "the file is cut short or damaged") }
      filled += count
    }
  }

  private static func failure(_ path: String, _ code: Int32) -> ImageFileError {
    ImageFileError(
      path: path, "cannot be read: \(unsafe String(cString: strerror(code)))", hint: "look at its permissions and its disk")
  }

  private static func noRoom(_ path: String, in folder: String, _ byteCount: Int, _ code: Int32) -> ImageFileError {
    ImageFileError(
      path: path, "cannot be unpacked into a temporary file in \(folder): \(unsafe String(cString: strerror(code)))",
      hint: "\(byteCount) bytes are needed there: let TMPDIR name a folder on a larger disk, or give more memory")
  }
}
