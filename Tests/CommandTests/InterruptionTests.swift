// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

struct InterruptionTests {
  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptedPhantomLeavesNothingUnfinished(signal: Int32) throws {
    try withTemporaryFolder { folder in
      let pair = folder.appendingPathComponent("pair").path
      let process = Process()
      process.executableURL = weftTool
      process.arguments = ["phantom", pair, "--shape", "512", "--chunk", "32"]
      let pipe = Pipe()
      process.standardError = pipe
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      // It has begun when its hidden folder is there.
      while process.isRunning,
        (try? FileManager.default.contentsOfDirectory(atPath: pair))?.contains(where: { $0.hasPrefix(".fixed") }) != true
      {
        // Not a suspension: other tests would keep this one from going on until the tool is done.
        Thread.sleep(forTimeInterval: 0.02)
      }
      kill(process.processIdentifier, signal)
      let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      #expect(said.contains("error: interrupted") && said.contains("hint: "))
      #expect(try FileManager.default.contentsOfDirectory(atPath: pair).isEmpty)
    }
  }
}
