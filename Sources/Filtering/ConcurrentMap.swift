// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

extension Array where Element: Sendable {
  /// Every element through `transform`, at most `threads` at once, in order.
  package func concurrentMap<Result: Sendable>(threads: Int, _ transform: @Sendable (Element) -> Result) -> [Result] {
    let width = Swift.min(threads, count)
    if width <= 1 { return map(transform) }
    let next = Atomic(0)
    let results = Mutex([Result?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: width) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        let result = transform(self[index])
        results.withLock { $0[index] = result }
      }
    }
    return results.withLock { $0.map { $0! } }
  }
}
