// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Places of all datasets (counted through them) from which patches are drawn, which may be changed while they are: nothing is built anew.
public final class PatchSubset: Sendable {
  private let state: Mutex<[Int]>

  public init(_ indices: [Int]) { state = Mutex(indices) }

  /// The places; with none of them all are drawn from.
  public var indices: [Int] {
    get { state.withLock(\.self) }
    set { state.withLock { $0 = newValue } }
  }
}
