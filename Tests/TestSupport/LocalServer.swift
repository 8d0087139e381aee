// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A server on the loopback that a script of `Tests/Interop` makes: it prints its port, and ends with its input.
public final class LocalServer {
  /// The port that it listens on.
  public let port: Int
  private let process: Process
  private let input: Pipe

  /// Starts a server, and waits until it tells its port.
  ///
  /// - Returns: `nil` where there is no Python, or the script cannot run.
  public init?(_ script: String, _ arguments: [String], interpreter: String? = python) throws {
    guard let interpreter else { return nil }
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    process = Process()
    process.executableURL = URL(fileURLWithPath: interpreter)
    process.arguments = [tests.appendingPathComponent("Interop/\(script)").path] + arguments
    input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
    guard let port = Int(String(decoding: line, as: UTF8.self)) else { return nil }
    self.port = port
  }

  /// Where it is to be asked.
  public var address: String { "http://127.0.0.1:\(port)" }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
