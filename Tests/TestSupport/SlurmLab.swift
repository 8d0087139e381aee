// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A Slurm on this machine, of one node (`Tests/slurm/lab`) or two (`Tests/slurm/two-nodes`), which ends with the process of the tests.
public final class SlurmLab: Sendable {
  /// Variables with which Slurm's commands find it.
  public let environment: [String: String]
  /// What comes before a command, so that it runs where the controller is reached.
  public let prefix: [String]
  private let input: FileHandle

  /// The one of this process; `nil`, with a plain line, where there is no Slurm, nobody is root, or it does not start.
  public static let shared: SlurmLab? = make("lab", ["8"])

  /// One of two nodes, of which the second can be cut off; `nil` as `shared`.
  public static func ofTwoNodes() -> SlurmLab? { make("two-nodes", []) }

  private init(_ configuration: String, _ prefix: [String], _ input: FileHandle) {
    environment = ["SLURM_CONF": configuration]
    self.prefix = prefix
    self.input = input
  }

  deinit { try? input.close() }

  /// Takes the second of two nodes off the network.
  public func cutSecondNode() throws { try input.write(contentsOf: Data("cut\n".utf8)) }

  private static func make(_ script: String, _ arguments: [String]) -> SlurmLab? {
    func skip(_ reason: String) -> SlurmLab? {
      print("skipped: tests on Slurm, because \(reason)")
      return nil
    }
    guard getuid() == 0 else { return skip("only root can start one") }
    let programs = ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged"]
    guard programs.allSatisfy(FileManager.default.isExecutableFile(atPath:)) else { return skip("slurm-wlm and munge are not installed") }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weft-slurm-\(UUID().uuidString)")
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let process = Process()
    process.executableURL = tests.appendingPathComponent("slurm/\(script)")
    process.arguments = [folder.path] + arguments
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    do { try process.run() } catch { return skip("\(error.localizedDescription)") }
    var line: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
    let words = String(decoding: line, as: UTF8.self).split(separator: " ")
    guard words.first == "ready" else { return skip(String(decoding: line, as: UTF8.self)) }
    let prefix = words.dropFirst().first.map { ["nsenter", "--net=/run/netns/\($0)"] } ?? []
    return SlurmLab(folder.appendingPathComponent("slurm.conf").path, prefix, input.fileHandleForWriting)
  }

  /// What one of Slurm's commands writes.
  public func said(_ words: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = prefix + words
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
