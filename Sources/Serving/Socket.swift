// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A connection, or the place where connections arrive. Every wait has a deadline; closed when nobody needs it any more.
final class Socket: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// A point in time, seconds of a clock that never goes back.
  struct Deadline {
    private let nanoseconds: UInt64

    /// - Parameter seconds: from now.
    init(in seconds: Double) { nanoseconds = clock_gettime_nsec() + UInt64(seconds * 1e9) }

    /// Milliseconds until then, rounded up; 0 when it has passed.
    var milliseconds: Int32 {
      let now = clock_gettime_nsec()
      return now >= nanoseconds ? 0 : Int32(min((nanoseconds - now) / 1_000_000 + 1, 1 << 30))
    }
  }

  /// Listens at an address of this machine.
  ///
  /// - Parameters:
  ///   - host: a name or a number, as `127.0.0.1`, `localhost`, `0.0.0.0` for all, `::1`.
  ///   - port: 0 for any that is free.
  /// - Throws: `ServingError`.
  static func listening(host: String, port: Int) throws(ServingError) -> (socket: Socket, port: Int) {
    var wish = unsafe addrinfo()
    unsafe wish.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe wish.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, String(port), &wish, &found)
    guard code == 0, let address = unsafe found else {
      throw ServingError(
        "the host \(host) is not known: \(unsafe String(cString: gai_strerror(code)))",
        hint: "give an address of this machine, as 127.0.0.1")
    }
    defer { unsafe freeaddrinfo(address) }
    let descriptor = unsafe socket(
      address.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw refused(host, port) }
    let socket = Socket(descriptor)
    var yes: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 128) == 0 else {
      throw refused(host, port)
    }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let given = unsafe withUnsafeMutableBytes(of: &storage) { bytes -> Int? in
      guard unsafe getsockname(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length) == 0 else { return nil }
      // The port stands behind the family in both kinds of address, its high byte first.
      return unsafe Int(bytes[2]) << 8 | Int(bytes[3])
    }
    guard let given else { throw refused(host, port) }
    return (socket, given)
  }

  private static func refused(_ host: String, _ port: Int) -> ServingError {
    let code = errno
    let hint =
      switch code {
      case EADDRINUSE: "another program has it: give another --port, or --port 0 for any that is free"
      case EACCES: "give a --port above 1023, or --port 0 for any that is free"
      default: "give another --host or --port"
      }
    return ServingError("port \(port) of \(host) cannot be listened at: \(SystemError(code).reason)", hint: hint)
  }

  /// The next connection.
  ///
  /// - Parameter seconds: how long one is waited for.
  /// - Returns: `nil` when none came.
  func accepted(within seconds: Double) -> Socket? {
    guard wait(for: Int16(POLLIN), until: Deadline(in: seconds)) else { return nil }
    let other = accept(descriptor, nil, nil)
    if other < 0 { return nil }
    _ = fcntl(other, F_SETFD, FD_CLOEXEC)
    _ = fcntl(other, F_SETFL, O_NONBLOCK)
    var yes: Int32 = 1
    // Answers are written at once: nothing is won by waiting for more.
    unsafe setsockopt(other, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    return Socket(other)
  }

  /// Some bytes, as soon as there are any.
  ///
  /// - Returns: `nil` when none came in time, or the client has closed.
  func received(most: Int, until deadline: Deadline) -> [UInt8]? {
    while wait(for: Int16(POLLIN), until: deadline) {
      var count = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { target, filled in
        count = unsafe recv(descriptor, target.baseAddress!, most, 0)
        filled = max(count, 0)
      }
      if count > 0 { return bytes }
      // Nothing more comes; what `errno` says is of an earlier call then.
      if count == 0 || (errno != EAGAIN && errno != EINTR) { return nil }
    }
    return nil
  }

  /// Sends bytes.
  ///
  /// - Parameter more: whether others follow at once.
  /// - Returns: whether the client took all in time.
  func send(_ bytes: [UInt8], more: Bool, until deadline: Deadline) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL | (more ? MSG_MORE : 0)))
      }
      if count > 0 { sent += count } else if !mayGoOn(until: deadline) { return false }
    }
    return true
  }

  /// Sends bytes of a file, which do not pass through this program where the file system can do that.
  ///
  /// - Returns: whether the client took all in time; false also where the file has become shorter.
  func send(_ file: ServedFile, _ range: Range<Int>, until deadline: Deadline) -> Bool {
    var place = off_t(range.lowerBound)
    while place < range.upperBound {
      let count = unsafe sendfile(descriptor, file.descriptor, &place, range.upperBound - Int(place))
      // Not all file systems can do that.
      if count < 0 && (errno == EINVAL || errno == ENOSYS) { return copy(file, Int(place)..<range.upperBound, until: deadline) }
      if count == 0 || (count < 0 && !mayGoOn(until: deadline)) { return false }
    }
    return true
  }

  /// The same through memory, a piece at a time.
  private func copy(_ file: ServedFile, _ range: Range<Int>, until deadline: Deadline) -> Bool {
    stride(from: range.lowerBound, to: range.upperBound, by: 1 << 16).allSatisfy { start in
      let wanted = min(1 << 16, range.upperBound - start)
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { target, filled in
        filled = unsafe max(0, pread(file.descriptor, target.baseAddress!, wanted, off_t(start)))
      }
      return bytes.count == wanted && send(bytes, more: start + wanted < range.upperBound, until: deadline)
    }
  }

  /// Ends what is under way in both directions, and wakes those that wait.
  func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// After bytes could not be sent: waits until some can be.
  private func mayGoOn(until deadline: Deadline) -> Bool {
    errno == EINTR || (errno == EAGAIN && wait(for: Int16(POLLOUT), until: deadline))
  }

  private func wait(for events: Int16, until deadline: Deadline) -> Bool {
    var watched = pollfd(fd: descriptor, events: events, revents: 0)
    while true {
      let ready = unsafe poll(&watched, 1, deadline.milliseconds)
      if ready > 0 { return true }
      if ready == 0 || errno != EINTR { return false }
    }
  }
}

/// Nanoseconds of a clock that never goes back.
private func clock_gettime_nsec() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
