// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `weft serve` in a process of its own.
final class ServingProcess {
  /// What it printed of itself.
  struct Record: Decodable {
    struct Input: Decodable {
      let path: String
      let address: String
    }

    let address: String
    let port: Int
    let inputs: [Input]
  }

  let record: Record
  private let process = Process()

  /// Starts it at any free port, and waits until it serves.
  init(_ words: [String]) throws {
    process.executableURL = weftTool
    process.arguments = ["serve"] + words + ["--port", "0", "--json"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var text: [UInt8] = []
    while !text.suffix(3).elementsEqual(Array("\n}\n".utf8)), let byte = try output.fileHandleForReading.read(upToCount: 1)?.first {
      text.append(byte)
    }
    record = try JSONDecoder().decode(Record.self, from: Data(text))
  }

  deinit { if process.isRunning { process.terminate() } }

  /// Presses Ctrl-C.
  ///
  /// - Returns: what it ended with.
  func interrupt() -> Int32 {
    process.interrupt()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
