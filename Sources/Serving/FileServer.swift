// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import Synchronization

/// A server that lets others read the files of folders: HTTP/1.1 with ranges of bytes and leave for pages of elsewhere (CORS), as viewers of
/// Zarr in browsers need it.
///
///     let server = try FileServer(ServedTree(root: ServedFolder("out")), port: 8080)
///     await server.run()      // until the task is cancelled
///
/// Each connection has a thread, and they are at most `limits.connections`; a client that is slow holds its own thread and nobody else's. Files
/// go from the disk to the network as they are, so that memory does not depend on their size.
public final class FileServer: Sendable {
  /// Where it listens.
  public let host: String
  /// That which was asked for, or the free one that was found.
  public let port: Int
  private let tree: ServedTree
  private let limits: ServerLimits
  private let socket: Socket
  private let state = Mutex(State())

  private struct State {
    var isStopped = false
    var connections: [ObjectIdentifier: Socket] = [:]
  }

  /// Listens; nobody is answered before `run` or `start`.
  ///
  /// - Parameters:
  ///   - host: the address of this machine to listen at; others than the loopback let other machines read.
  ///   - port: 0 for any that is free.
  /// - Throws: `ServingError` where the port is taken or the address is not this machine's.
  public init(_ tree: ServedTree, host: String = "127.0.0.1", port: Int, limits: ServerLimits = ServerLimits()) throws(ServingError) {
    self.tree = tree
    self.host = host
    self.limits = limits
    (socket, self.port) = try Socket.listening(host: host, port: port)
  }

  /// The address of what is served, without a slash at its end; where it listens at all addresses of the machine, that of the loopback.
  public var address: String { Self.address(host: host, port: port) }

  /// The address at which a browser on this machine finds a server.
  public static func address(host: String, port: Int) -> String {
    let name = ["0.0.0.0", "::", ""].contains(host) ? "127.0.0.1" : host
    return "http://\(name.contains(":") ? "[\(name)]" : name):\(port)"
  }

  /// Whether only programs on this machine reach that host.
  public static func isLoopback(_ host: String) -> Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// Begins to answer, on threads of its own.
  public func start() { thread { self.accept() } }

  /// Closes all connections, and takes no others.
  public func stop() {
    let open = state.withLock { state in
      state.isStopped = true
      return Array(state.connections.values)
    }
    socket.shut()
    for connection in open { connection.shut() }
  }

  /// Answers until the task is cancelled.
  public func run() async {
    start()
    // Ends by being cancelled alone.
    while (try? await Task.sleep(for: .seconds(3600))) != nil {}
    stop()
  }

  private func accept() {
    while !state.withLock({ $0.isStopped }) {
      // Those for whom there is no room wait in the system's queue.
      guard state.withLock({ $0.connections.count < limits.connections }) else {
        usleep(2_000)
        continue
      }
      guard let client = socket.accepted(within: 60) else {
        // As where there are no more descriptors.
        usleep(2_000)
        continue
      }
      let isKept = state.withLock { state in
        if !state.isStopped { state.connections[ObjectIdentifier(client)] = client }
        return !state.isStopped
      }
      if isKept { thread { self.answer(client) } }
    }
  }

  private func answer(_ client: Socket) {
    Connection(socket: client, tree: tree, limits: limits).run { state.withLock { 2 * $0.connections.count <= limits.connections } }
    client.shut()
    state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(client)) }
  }

  /// Starts a thread of little memory, for which writing to a client that is gone is no signal but an answer.
  private func thread(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
      var signals = sigset_t()
      unsafe sigemptyset(&signals)
      unsafe sigaddset(&signals, SIGPIPE)
      unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
      body()
    }
    thread.stackSize = 512 << 10
    thread.start()
  }
}
