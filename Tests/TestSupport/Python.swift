// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The Python interpreter for tests with other programs' readers and writers: `$WEFT_PYTHON`. `nil` where it is not set; tests that need
/// it then skip with a plain line.
public let python: String? = {
  if let path = ProcessInfo.processInfo.environment["WEFT_PYTHON"], !path.isEmpty { return path }
  print("skipped: tests with Python's readers and writers, because WEFT_PYTHON names no interpreter")
  return nil
}()

/// The Python that a variable names, for packages that are not installed beside others; `nil` where it names none.
public func interpreter(_ variable: String) -> String? {
  let path = ProcessInfo.processInfo.environment[variable] ?? ""
  return path.isEmpty ? nil : path
}

/// What a script said and how it ended.
public struct ScriptResult: Sendable {
  /// The exit status; 0 is success.
  public let status: Int32
  /// Standard output and standard error together.
  public let output: String
}

/// Runs a script of `Tests/Interop`.
///
/// - Parameter interpreter: in place of `$WEFT_PYTHON`.
public func runInteropScript(_ name: String, _ arguments: [String], interpreter: String? = nil) throws -> ScriptResult {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  let process = Process()
  process.executableURL = URL(fileURLWithPath: interpreter ?? python ?? "/nonexistent")
  process.arguments = [tests.appendingPathComponent("Interop/\(name)").path] + arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return ScriptResult(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
}
