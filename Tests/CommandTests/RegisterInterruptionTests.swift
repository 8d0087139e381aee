// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

struct RegisterInterruptionTests {
  /// Whichever engine computes.
  @Test(arguments: [SIGINT, SIGTERM], ["weft", "itk"])
  func anInterruptedRegistrationLeavesNoResultAndIsGoneOnWith(signal: Int32, engine: String) throws {
    try withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [64, 64, 64])
      try folder.nrrd("b.nrrd", [64, 64, 64]) { ImageFolder.waves($0 + 2, $1 * $1 / 60, $2) }
      let process = Process()
      process.executableURL = weftTool
      process.arguments = [
        "register", folder.path("a.nrrd"), folder.path("b.nrrd"), "-o", folder.path("out"), "--engine", engine, "--accuracy", "high",
      ]
      let pipe = Pipe()
      process.standardError = pipe
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      while process.isRunning, !FileManager.default.fileExists(atPath: folder.path("out/.weft")) {
        // Not a suspension: other tests would keep this one from going on until the tool is done.
        Thread.sleep(forTimeInterval: 0.02)
      }
      Thread.sleep(forTimeInterval: 0.3)
      kill(process.processIdentifier, signal)
      let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130, "\(said)")
      #expect(said.contains("error: interrupted") && said.contains("hint: "))
      let left = (try? FileManager.default.contentsOfDirectory(atPath: folder.path("out"))) ?? []
      #expect(left.isEmpty || left == [".weft"])
      #expect(said.contains("weft resume") == (left == [".weft"]), "\(said)")
      if engine == "weft" {
        let resumed = try weft(["register", folder.path("a.nrrd"), folder.path("b.nrrd"), "-o", folder.path("out"), "--accuracy", "draft"])
        #expect(resumed.status == 0, "\(resumed.errors)")
      }
    }
  }
}
