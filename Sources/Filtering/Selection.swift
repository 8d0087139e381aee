// SPDX-License-Identifier: Apache-2.0

extension Array where Element == Float {
  /// The element that would stand at `rank` were the numbers in ascending order. O(n) on average (Hoare, 1961).
  ///
  /// - Precondition: no element is NaN.
  package func selected(_ rank: Int) -> Float {
    precondition(indices.contains(rank), "\(count) numbers have no number \(rank)")
    var values = self
    var (low, high) = (0, count - 1)
    while low < high {
      // The median of three, so that sorted numbers are no bad case.
      let (a, b, c) = (values[low], values[(low + high) / 2], values[high])
      let pivot = Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
      var (i, j) = (low, high)
      while i <= j {
        while values[i] < pivot { i += 1 }
        while values[j] > pivot { j -= 1 }
        if i <= j {
          values.swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if rank <= j {
        high = j
      } else if rank >= i {
        low = i
      } else {
        return pivot
      }
    }
    return values[low]
  }
}
