// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Other programs: the tool `weft`, and the Python scripts under Tests/Accuracy that run peers.
enum Program {
  /// Runs a program to its end; throws with the end of its error output, unless that was shown, where it fails.
  ///
  /// - Parameter isShown: whether its output is let through rather than returned.
  @discardableResult
  static func run(_ program: String, _ arguments: [String], environment: [String: String] = [:], isShown: Bool = false) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    let log = FileManager.default.temporaryDirectory.appendingPathComponent("weft-benchmark-\(UUID().uuidString).log")
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    if !isShown {
      process.standardOutput = output
      process.standardError = try FileHandle(forWritingTo: log)
    }
    try process.run()
    let data = isShown ? Data() : output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      if isShown { throw AlreadyTold() }
      let name = URL(fileURLWithPath: arguments.first.map { $0.hasSuffix(".py") ? $0 : program } ?? program).lastPathComponent
      throw BenchmarkError("\(name) ended with \(process.terminationStatus): \(try String(contentsOf: log, encoding: .utf8).suffix(2000))")
    }
    return data
  }

  /// Runs a program to its end, and tells what it took: seconds, and the most memory in bytes.
  ///
  /// - Parameter folder: where the note of `/usr/bin/time` may lie.
  static func measured(_ program: String, _ arguments: [String], in folder: String) throws -> (seconds: Double, bytes: Double) {
    let times = folder + "/times"
    try run("/usr/bin/time", ["-o", times, "-f", "%e %M", program] + arguments)
    let numbers = try String(contentsOfFile: times, encoding: .utf8).split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    guard numbers.count == 2 else { throw BenchmarkError("\(times) does not tell seconds and memory") }
    return (numbers[0], 1024 * numbers[1])
  }

  /// The folder of the package that this program was built from.
  static func package() throws -> URL {
    var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      if FileManager.default.fileExists(atPath: folder.path + "/Tests/Accuracy/run") { return folder }
    }
    throw BenchmarkError(
      "the package is not around this program", hint: "run it from there: swift run -c release \(Benchmarks.name)")
  }

  /// The tool `weft`: `$WEFT`, or the release build beside this program, built where it is not there or old.
  static func weft() throws -> String {
    if let given = ProcessInfo.processInfo.environment["WEFT"] { return given }
    let package = try package()
    try run("/usr/bin/env", ["swift", "build", "-c", "release", "--product", "weft", "--package-path", package.path])
    return package.path + "/.build/release/weft"
  }

  /// The folder that holds the peers' scripts: the one named, or the one around it.
  @discardableResult
  static func shared(around data: String) throws -> String {
    let folder = URL(fileURLWithPath: data).standardizedFileURL
    let shared = [folder, folder.deletingLastPathComponent()].first { FileManager.default.fileExists(atPath: $0.path + "/bench") }
    guard let shared else {
      throw BenchmarkError(
        "neither \(data) nor the folder around it holds `bench`, the scripts that run peers",
        hint: "name the shared folder or the `data` in it: --data shared/data")
    }
    return shared.path
  }

  /// Runs a script of Tests/Accuracy in its Python, made where it is not there yet.
  ///
  /// - Parameter data: the folder of real volumes, or the one around it that holds the peers' scripts too; `nil` for the usual one.
  @discardableResult
  static func python(_ script: String, _ arguments: [String], data: String? = nil, isShown: Bool = true) throws -> Data {
    var environment: [String: String] = [:]
    if let data { environment["WEFT_SHARED"] = try shared(around: data) }
    return try run(package().path + "/Tests/Accuracy/run", [script] + arguments, environment: environment, isShown: isShown)
  }
}
