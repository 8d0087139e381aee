// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file that is open for reading, and closed when nobody needs it any more.
final class ServedFile: Sendable {
  let descriptor: Int32
  /// Bytes.
  let size: Int
  /// Changes whenever the file does, as the field `ETag` has it.
  let tag: String
  /// Where it really lies, once all links are followed.
  let place: String

  /// Opens a file; a pipe is not waited for.
  ///
  /// - Throws: the number of the system's error; `EISDIR` for what is no file.
  init(_ path: String) throws(SystemError) {
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw SystemError() }
    var information = stat()
    guard unsafe fstat(descriptor, &information) == 0, let place = Self.place(of: descriptor) else {
      let error = SystemError()
      close(descriptor)
      throw error
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw SystemError(EISDIR)
    }
    size = Int(information.st_size)
    let time = information.st_mtim
    tag = "\"\(String(information.st_size, radix: 16))-\(String(time.tv_sec, radix: 16))-\(String(time.tv_nsec, radix: 16))\""
    self.place = place
  }

  deinit { close(descriptor) }

  /// Asked of the open file, so that nobody can change links in between.
  private static func place(of descriptor: Int32) -> String? {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = unsafe target.withUnsafeMutableBytes { bytes in
      unsafe readlink("/proc/self/fd/\(descriptor)", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return count > 0 && count < target.count ? String(decoding: target[..<count], as: UTF8.self) : nil
  }
}

/// Why the system refused something.
struct SystemError: Error {
  let code: Int32

  /// That of the last call.
  init(_ code: Int32 = errno) { self.code = code }

  /// In the system's words.
  var reason: String { unsafe String(cString: strerror(code)) }
}
