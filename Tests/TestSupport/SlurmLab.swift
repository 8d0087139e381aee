// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A Slurm of one node on this machine (`Tests/slurm/lab`), which ends with the process of the tests.
public final class SlurmLab: Sendable {
  /// Variables with which Slurm's commands find it.
  public let environment: [String: String]
  /// The same as shells take them.
  public var configuration: String { environment["SLURM_CONF"] ?? "" }
  private let input: FileHandle

  /// The one of this process; `nil`, with a plain line, where there is no Slurm, nobody is root, or it does not start.
  public static let shared: SlurmLab? = make()

  private init(_ configuration: String, _ input: FileHandle) {
    environment = ["SLURM_CONF": configuration]
    self.input = input
  }

  private static func make() -> SlurmLab? {
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
    process.executableURL = tests.appendingPathComponent("slurm/lab")
    process.arguments = [folder.path, "8"]
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    do { try process.run() } catch { return skip("\(error.localizedDescription)") }
    var line: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
    guard line == Array("ready".utf8) else { return skip(String(decoding: line, as: UTF8.self)) }
    return SlurmLab(folder.appendingPathComponent("slurm.conf").path, input.fileHandleForWriting)
  }

  /// What one of Slurm's commands writes.
  public func said(_ words: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
