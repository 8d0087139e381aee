// SPDX-License-Identifier: Apache-2.0

import Filtering
import Synchronization
import Testing

struct ConcurrentMapTests {
  @Test(arguments: [1, 2, 5, 200]) func resultsStandInTheOrderOfTheElements(threads: Int) {
    for count in [0, 1, 2, 3, 100] {
      #expect(Array(0..<count).concurrentMap(threads: threads) { $0 * $0 } == (0..<count).map { $0 * $0 })
    }
  }

  @Test func noMoreThanTheGivenThreadsAreAtWork() {
    let work = Gauge()
    _ = Array(0..<200).concurrentMap(threads: 2) { element in
      work.enter()
      defer { work.leave() }
      return (0..<2000).reduce(element, &+)
    }
    #expect((1...2).contains(work.most))
  }
}

/// How many are inside at once.
private final class Gauge: Sendable {
  private let inside = Mutex((now: 0, most: 0))

  var most: Int { inside.withLock { $0.most } }

  func enter() {
    inside.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
  }

  func leave() { inside.withLock { $0.now -= 1 } }
}
