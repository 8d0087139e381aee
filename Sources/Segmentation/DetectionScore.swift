// SPDX-License-Identifier: Apache-2.0

public import Volumes

/// How well the objects of one label image are those of another.
///
/// A found object matches a true one where their intersection over union is at least a threshold (above it where that is one half, so that
/// an object matches one other at most); the average precision is TP / (TP + FP + FN), as in U. Schmidt et al., "Cell detection with star-convex
/// polygons", MICCAI 2018.
public struct DetectionScore: Sendable, Hashable {
  /// True objects that were found, objects found that are none, and true objects that were missed.
  public let truePositives: Int
  public let falsePositives: Int
  public let falseNegatives: Int
  /// The mean intersection over union of the objects that match; 0 where none does.
  public let meanOverlap: Double

  /// TP / (TP + FP + FN); 1 where neither image holds an object.
  public var averagePrecision: Double {
    let all = truePositives + falsePositives + falseNegatives
    return all == 0 ? 1 : Double(truePositives) / Double(all)
  }

  /// TP / (TP + FP); 1 where nothing was found.
  public var precision: Double {
    truePositives + falsePositives == 0 ? 1 : Double(truePositives) / Double(truePositives + falsePositives)
  }

  /// TP / (TP + FN); 1 where there is nothing to find.
  public var recall: Double {
    truePositives + falseNegatives == 0 ? 1 : Double(truePositives) / Double(truePositives + falseNegatives)
  }

  /// Compares label images; 0 is background, labels need not be dense.
  ///
  /// - Parameter threshold: the least intersection over union of a match, from 0.5, which must be passed, to 1.
  /// - Precondition: the images have one extent, and the threshold is not below 0.5.
  /// - Complexity: O(voxels).
  public init<Found: VoxelScalar & FixedWidthInteger, True: VoxelScalar & FixedWidthInteger>(
    of found: VoxelBuffer<Found>, truth: VoxelBuffer<True>, threshold: Double = 0.5
  ) {
    precondition(found.extent == truth.extent, "labels of \(found.extent) cannot be compared with labels of \(truth.extent)")
    precondition((0.5...1).contains(threshold), "a threshold of 0.5 to 1, not \(threshold)")
    var tally = LabelOverlaps()
    let (a, b) = (found.span, truth.span)
    for i in a.indices { tally.add(UInt64(truncatingIfNeeded: a[i]), UInt64(truncatingIfNeeded: b[i])) }
    self.init(tally, threshold: threshold)
  }

  /// The score of several pairs of images together, as of the time points of one.
  public init(sumOf scores: [DetectionScore]) {
    if scores.count == 1 {
      self = scores[0]
      return
    }
    truePositives = scores.reduce(0) { $0 + $1.truePositives }
    falsePositives = scores.reduce(0) { $0 + $1.falsePositives }
    falseNegatives = scores.reduce(0) { $0 + $1.falseNegatives }
    let sum = scores.reduce(0) { $0 + $1.meanOverlap * Double($1.truePositives) }
    meanOverlap = truePositives == 0 ? 0 : sum / Double(truePositives)
  }

  /// The score of overlaps that were counted part by part.
  public init(_ overlaps: LabelOverlaps, threshold: Double = 0.5) {
    var overlaps = overlaps
    overlaps.settle()
    let (found, truth) = overlaps.sizes
    var matches = 0
    var sum = 0.0
    for (pair, both) in overlaps.counts where pair.found != 0 && pair.truth != 0 {
      let overlap = Double(both) / Double(found[pair.found]! + truth[pair.truth]! - both)
      guard threshold == 0.5 ? overlap > 0.5 : overlap >= threshold else { continue }
      matches += 1
      // In whole billionths: the same in whatever order.
      sum += (overlap * 1e9).rounded()
    }
    truePositives = matches
    falsePositives = found.count - matches
    falseNegatives = truth.count - matches
    meanOverlap = matches == 0 ? 0 : sum / 1e9 / Double(matches)
  }
}

/// How many voxels each pair of labels shares, counted part by part.
public struct LabelOverlaps: Sendable {
  /// A found and a true label; 0 is background.
  fileprivate struct Pair: Hashable, Sendable {
    let found: UInt64
    let truth: UInt64
  }

  fileprivate var counts: [Pair: Int] = [:]
  // Voxels in a row often have the same labels: looked up once.
  private var last = Pair(found: 0, truth: 0)
  private var run = 0

  /// No voxel yet.
  public init() {}

  /// Counts a voxel. O(1).
  public mutating func add(_ found: UInt64, _ truth: UInt64) {
    if found == last.found && truth == last.truth {
      run += 1
      return
    }
    settle()
    last = Pair(found: found, truth: truth)
    run = 1
  }

  /// Takes another part in.
  public mutating func merge(_ other: LabelOverlaps) {
    settle()
    var other = other
    other.settle()
    for (pair, count) in other.counts { counts[pair, default: 0] += count }
  }

  /// Counts the run at hand.
  fileprivate mutating func settle() {
    if run > 0 { counts[last, default: 0] += run }
    run = 0
  }

  /// Voxels of each object of either image.
  fileprivate var sizes: (found: [UInt64: Int], truth: [UInt64: Int]) {
    var sizes: (found: [UInt64: Int], truth: [UInt64: Int]) = ([:], [:])
    for (pair, count) in counts {
      if pair.found != 0 { sizes.found[pair.found, default: 0] += count }
      if pair.truth != 0 { sizes.truth[pair.truth, default: 0] += count }
    }
    return sizes
  }
}
