// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension IntensityStatistics {
  /// The threshold that divides the values into the two classes whose means differ most, weighted by how many values they hold.
  ///
  /// N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man, and Cybernetics 9(1), 62–66,
  /// 1979. Where several bins do equally well, as between two values with nothing in between, their middle.
  ///
  /// - Returns: the value that foreground lies above; the maximum where all values are equal, so that none lies above.
  /// - Complexity: O(bins).
  public func otsuThreshold() -> Double {
    let all = Double(count)
    let total = counts.indices.reduce(0.0) { $0 + Double(counts[$1]) * value(ofBin: $1) }
    var (below, sumBelow) = (0.0, 0.0)
    var best = 0.0
    var range: (first: Int, last: Int)?
    for bin in counts.indices.dropLast() {
      below += Double(counts[bin])
      sumBelow += Double(counts[bin]) * value(ofBin: bin)
      guard below > 0, below < all else { continue }
      let difference = sumBelow / below - (total - sumBelow) / (all - below)
      let between = below * (all - below) * difference * difference
      if between > best {
        best = between
        range = (bin, bin)
      } else if between == best, let first = range?.first {
        // No value lies in this bin, so that the sums are the same.
        range = (first, counts[bin] == 0 ? bin : range!.last)
      }
    }
    guard let range else { return maximum }
    return range.first == range.last ? value(ofBin: range.first) : (value(ofBin: range.first) + value(ofBin: range.last + 1)) / 2
  }

  /// The threshold of minimum cross entropy between the image and its two classes' means.
  ///
  /// C. H. Li and C. K. Lee, "Minimum cross entropy thresholding", Pattern Recognition 26(4), 617–625, 1993; by the iteration of C. H. Li
  /// and P. K. S. Tam, "An iterative algorithm for minimum cross entropy thresholding", Pattern Recognition Letters 19(8), 771–776, 1998,
  /// from the mean on, until no value changes sides.
  ///
  /// - Parameter transform: what values are put through first, above the background (the first percentile) in units of the range from there
  ///   to the percentile 99.8; `.linear` takes the values above the least one as they are.
  /// - Returns: an intensity, the transform undone, that foreground lies above; the maximum where there is no contrast.
  /// - Complexity: O(bins × iterations), of which there are about ten.
  public func liThreshold(after transform: IntensityTransform = .linear) -> Double {
    guard count > 0, minimum < maximum else { return maximum }
    if transform == .linear { return minimum + li { $0 - minimum } }
    guard let scale = IntensityScale(self, transform: transform) else { return maximum }
    let found = li { scale($0) }
    return found > 0 ? scale.inverse(found) : maximum
  }

  /// The threshold of values that are 0 or above and rise with the intensity; 0 where all are 0.
  private func li(_ transformed: (Double) -> Double) -> Double {
    let values = counts.indices.map { transformed(value(ofBin: $0)) }
    // Sums over all bins before each.
    var (voxels, sums) = ([0.0], [0.0])
    for bin in counts.indices {
      voxels.append(voxels[bin] + Double(counts[bin]))
      sums.append(sums[bin] + Double(counts[bin]) * values[bin])
    }
    let (all, total) = (voxels.last!, sums.last!)
    guard all > 0, total > 0 else { return 0 }
    var threshold = total / all
    var split = -1
    for _ in 0..<1000 {
      // The first bin above the threshold.
      var (low, high) = (0, values.count)
      while low < high {
        let middle = (low + high) / 2
        if values[middle] > threshold { high = middle } else { low = middle + 1 }
      }
      if low == split { break }
      split = low
      let (background, foreground) = (voxels[low], all - voxels[low])
      guard background > 0, foreground > 0 else { break }
      let (dark, bright) = (sums[low] / background, (total - sums[low]) / foreground)
      // Where the background is 0 throughout, the threshold tends to 0: it is put halfway to the least value above.
      if dark <= 0 { return (counts.indices.first { counts[$0] > 0 && values[$0] > 0 }.map { values[$0] } ?? 0) / 2 }
      threshold = (bright - dark) / (log(bright) - log(dark))
    }
    return threshold
  }
}
