// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import Synchronization

/// A program that runs beside Weft, in a process group of its own, with its standard input, output and error in Weft's hands.
///
/// Its input ends when Weft ends, however that happens. Writing to a program that is gone is no signal but an answer.
package final class ChildProcess: Sendable {
  /// How a program ended.
  package enum Ending: Sendable, Equatable {
    case status(Int32)
    case signal(Int32)
  }

  /// What `move` did.
  package struct Moved {
    /// Bytes from standard output.
    package var output: [UInt8] = []
    /// Bytes from standard error.
    package var errors: [UInt8] = []
    /// Whether nothing more can come from standard output.
    package var outputEnded = false
    /// Whether the program takes no more input.
    package var inputEnded = false
  }

  private let identifier: pid_t
  /// The process group that it and all that it starts belong to.
  package var group: pid_t { identifier }
  private let input: Int32
  private let output: Int32
  private let errors: Int32
  private let ending = Mutex<Ending?>(nil)
  private let inputIsOpen = Mutex(true)
  /// One start at a time, so that no program inherits another one's pipes in the moment before they are marked.
  private static let starting = Mutex(())
  private struct Running: Sendable {
    var groups: Set<pid_t> = []
    var mayStart = true
  }
  /// Those that are not collected yet, so that nobody else has their numbers.
  private static let running = Mutex(Running())

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - arguments: its name, searched on the `PATH` where it names no folder, and what it is called with.
  ///   - environment: all variables it sees.
  /// - Throws: the reason of the system.
  package init(_ arguments: [String], environment: [String: String]) throws(RunError) {
    func refuse(_ code: Int32) -> RunError {
      let reason = unsafe String(cString: strerror(code))
      return RunError(
        "`\(arguments[0])` cannot be started: \(reason)", hint: "check that it is installed and on the PATH, or name its whole path")
    }
    let spawned = Self.starting.withLock { _ -> (code: Int32, identifier: pid_t, ours: [Int32]) in
      guard let pipes = Self.makePipes() else { return (errno, 0, []) }
      defer { for descriptor in pipes.theirs { close(descriptor) } }
      var (code, identifier) = Self.spawn(arguments, environment, pipes.theirs)
      // A program just written counts as busy while another thread starts one, which holds all open files for a moment.
      for _ in 0..<100 where code == ETXTBSY {
        usleep(10_000)
        (code, identifier) = Self.spawn(arguments, environment, pipes.theirs)
      }
      if code != 0 {
        for descriptor in pipes.ours { close(descriptor) }
      } else {
        Self.note(identifier)
      }
      return (code, identifier, pipes.ours)
    }
    guard spawned.code == 0 else { throw refuse(spawned.code) }
    identifier = spawned.identifier
    input = spawned.ours[0]
    output = spawned.ours[1]
    errors = spawned.ours[2]
  }

  deinit {
    end()
    closeInput()
    close(output)
    close(errors)
  }

  /// Writes what the program takes of `pending`, and reads what it wrote, waiting for any of it for a while.
  package func move(_ pending: inout ArraySlice<UInt8>, seconds: Double) -> Moved {
    var moved = Moved()
    var watched = [pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: errors, events: Int16(POLLIN), revents: 0)]
    if !pending.isEmpty { watched.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
    let ready = unsafe poll(&watched, nfds_t(watched.count), Int32(min(max(seconds, 0) * 1000 + 1, 1e6)))
    guard ready > 0 else { return moved }
    if watched[1].revents != 0 {
      if let bytes = Self.read(errors), !bytes.isEmpty {
        moved.errors = bytes
      } else if watched[0].revents == 0 {
        // Nothing more comes from it, and asking would not wait.
        usleep(2000)
      }
    }
    if watched[0].revents != 0, let bytes = Self.read(output) {
      moved.output = bytes
      moved.outputEnded = bytes.isEmpty
    }
    if watched.count > 2 && watched[2].revents != 0 {
      let sent = unsafe pending.withUnsafeBytes { bytes in
        unsafe send(input, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if sent >= 0 {
        pending = pending.dropFirst(sent)
      } else if errno != EAGAIN && errno != EINTR {
        pending = []
        moved.inputEnded = true
      }
    }
    return moved
  }

  /// Lets the program read the end of its input.
  package func closeInput() {
    inputIsOpen.withLock { isOpen in
      if isOpen { close(input) }
      isOpen = false
    }
  }

  /// How the program ended; `nil` while it runs.
  package func hasEnded() -> Ending? {
    ending.withLock { ending in
      if ending == nil { ending = Self.collect(identifier, waiting: false) }
      return ending
    }
  }

  /// Waits for the end.
  ///
  /// - Returns: how it ended; `nil` where it still runs after so many seconds.
  package func waitForEnd(seconds: Double) -> Ending? {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      if let ending = hasEnded() { return ending }
      if ContinuousClock.now >= end { return nil }
      usleep(5000)
    }
  }

  /// Ends the program and all that it started in its group, at once.
  @discardableResult package func end() -> Ending {
    ending.withLock { known in
      if let known { return known }
      kill(-identifier, SIGKILL)
      let ending = Self.collect(identifier, waiting: true) ?? .signal(SIGKILL)
      known = ending
      return ending
    }
  }

  /// Ends all programs with what they started, at once, and any that is started later.
  static func endAll() {
    running.withLock { running in
      running.mayStart = false
      for group in running.groups { kill(-group, SIGKILL) }
    }
  }

  private static func note(_ group: pid_t) {
    running.withLock { running in
      running.groups.insert(group)
      if !running.mayStart { kill(-group, SIGKILL) }
    }
  }

  /// Collects a program that ended; what it started ends with it.
  private static func collect(_ identifier: pid_t, waiting: Bool) -> Ending? {
    // The program is looked at first and collected later: until then nobody else can have its number.
    var information = unsafe siginfo_t()
    while unsafe waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT | (waiting ? 0 : WNOHANG)) != 0 {
      if errno != EINTR { return .status(-1) }
    }
    guard unsafe information.si_signo != 0 else { return nil }
    kill(-identifier, SIGKILL)
    running.withLock { _ = $0.groups.remove(identifier) }
    var status: Int32 = 0
    while unsafe waitpid(identifier, &status, 0) < 0 { if errno != EINTR { return .status(-1) } }
    let signal = status & 0x7F
    return signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
  }

  /// What there is to read; empty at the end, `nil` where nothing can be told now.
  private static func read(_ descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe Foundation.read(descriptor, $0.baseAddress, $0.count) }
    if count < 0 { return errno == EINTR || errno == EAGAIN ? nil : [] }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Ends for standard input, output and error, ours and the program's.
  private static func makePipes() -> (ours: [Int32], theirs: [Int32])? {
    var ends = [Int32](repeating: -1, count: 6)
    // Input is a socket: writing to one that nobody reads need not be a signal.
    var isMade = unsafe ends.withUnsafeMutableBufferPointer {
      unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, $0.baseAddress!) == 0 && pipe($0.baseAddress! + 2) == 0
        && pipe($0.baseAddress! + 4) == 0
    }
    for end in ends where end >= 0 { isMade = fcntl(end, F_SETFD, FD_CLOEXEC) == 0 && isMade }
    guard isMade else {
      let reason = errno
      for end in ends where end >= 0 { close(end) }
      errno = reason
      return nil
    }
    return ([ends[0], ends[2], ends[4]], [ends[1], ends[3], ends[5]])
  }

  private static func spawn(_ arguments: [String], _ environment: [String: String], _ ends: [Int32]) -> (code: Int32, identifier: pid_t) {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    for (number, end) in ends.enumerated() { unsafe posix_spawn_file_actions_adddup2(&actions, end, Int32(number)) }
    // Signals that Weft passes over mean to the program what they mean to others.
    var usual = sigset_t()
    unsafe sigemptyset(&usual)
    unsafe posix_spawnattr_setsigmask(&attributes, &usual)
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGUSR1] { unsafe sigaddset(&usual, signal) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (words + variables).forEach { unsafe free($0) } }
    var identifier: pid_t = 0
    let code = unsafe posix_spawnp(&identifier, arguments[0], &actions, &attributes, words, variables)
    return (code, identifier)
  }
}
