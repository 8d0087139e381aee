// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Processors with other vector instructions give the same bytes: the tool runs on emulated ones.
struct VectorWidthTests {
  private static let emulator = "/usr/bin/qemu-x86_64"

  private static let isPossible: Bool = {
    #if arch(x86_64)
      let found = FileManager.default.isExecutableFile(atPath: emulator)
      if !found { print("skipped: the bytes of other vector widths, because \(emulator) is missing (install qemu-user)") }
      return found
    #else
      print("skipped: the bytes of other vector widths, because this is not an x86-64 machine")
      return false
    #endif
  }()

  /// SSE only; with `Tests/run --full` AVX2 with fused multiply-add, too.
  private static let processors =
    isFullRun ? ["Nehalem", "Haswell"] : ["Nehalem"]

  @Test(.enabled(if: isPossible)) func processorsWithOtherVectorInstructionsGiveTheSameBytes() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "40", "-q"]).status == 0)
      let register = [
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--chunk-size", "24", "--downsample", "2",
        "--accuracy", "draft", "--threads", "1", "-q", "-o",
      ]
      try #require(weft(register + [folder + "/here"]).status == 0)
      let expected = try resultFiles(folder + "/here")
      for processor in Self.processors {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.emulator)
        process.arguments = ["-cpu", processor, weftTool.path] + register + [folder + "/" + processor]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(processor): \(said)")
        let found = try resultFiles(folder + "/" + processor)
        #expect(expected.count > 5 && found.keys == expected.keys)
        for (name, bytes) in expected { #expect(found[name] == bytes, "\(processor): \(name)") }
      }
    }
  }
}
