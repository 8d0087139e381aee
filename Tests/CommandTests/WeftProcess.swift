// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The tool beside the test bundle.
let weftTool: URL =
  Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
  .map { $0.deletingLastPathComponent() }.first.map { $0.appendingPathComponent("weft") }
  ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("weft")

/// Runs the tool to its end, in a process of its own.
///
/// - Parameter environment: variables that are other than those of this process.
func weft(_ words: [String], environment: [String: String] = [:]) throws -> (status: Int32, output: String, errors: String) {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weft-said-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let process = Process()
  process.executableURL = weftTool
  process.arguments = words
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  let files = ["output", "errors"].map { folder.appendingPathComponent($0) }
  for file in files { try Data().write(to: file) }
  process.standardOutput = try FileHandle(forWritingTo: files[0])
  process.standardError = try FileHandle(forWritingTo: files[1])
  try process.run()
  process.waitUntilExit()
  let said = try files.map { try String(contentsOf: $0, encoding: .utf8) }
  return (process.terminationStatus, said[0], said[1])
}

/// Starts the tool in a process of its own, which says nothing.
///
/// - Parameter environment: in place of this process's own.
func startedWeft(_ words: [String], environment: [String: String]? = nil) throws -> Process {
  let process = Process()
  process.executableURL = weftTool
  process.arguments = words
  if let environment { process.environment = environment }
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  return process
}

/// Starts the tool and ends it by a signal as soon as the ledgers in a folder have another line.
///
/// - Returns: what it ended with.
@discardableResult
func weft(_ words: [String], endedOnce ledgers: String, by signal: Int32 = SIGKILL) throws -> Int32 {
  let process = try startedWeft(words)
  func lines() -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: ledgers)) ?? []
    return names.compactMap { try? String(contentsOfFile: ledgers + "/" + $0, encoding: .utf8) }.joined().count { $0 == "\n" }
  }
  let before = lines()
  while process.isRunning, lines() <= before { Thread.sleep(forTimeInterval: 0.002) }
  kill(process.processIdentifier, signal)
  process.waitUntilExit()
  return process.terminationStatus
}
