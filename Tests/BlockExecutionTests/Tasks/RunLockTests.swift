// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Testing

struct RunLockTests {
  @Test func oneDriverAtATime() async throws {
    try await withRunFolder { folder in
      try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
      #expect(RunLock.holder(of: folder) == nil)
      do {
        let lock = try RunLock(folder)
        #expect(RunLock.holder(of: folder)?.process == ProcessInfo.processInfo.processIdentifier)
        let refused = #expect(throws: RunError.self) { try RunLock(folder) }
        #expect(refused?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        withExtendedLifetime(lock) {}
      }
      #expect(RunLock.holder(of: folder) == nil)
      _ = try RunLock(folder)
    }
  }
}
