// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Testing

struct ThreadCountTests {
  @Test func threadsAreAtLeastOneAndWithinReason() {
    #expect(ThreadCount.resolved(0) == 1 && ThreadCount.resolved(3) == 3 && ThreadCount.resolved(1 << 40) <= 4096)
    #expect(ThreadCount.available() >= 1 && ThreadCount.available() <= ProcessInfo.processInfo.activeProcessorCount)
  }
}
