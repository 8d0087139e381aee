// SPDX-License-Identifier: Apache-2.0

/// What a deformable registration makes alike.
public enum DeformableMetric: Sendable, Hashable {
  /// The square of the correlation in windows of `2 radius + 1` voxels an axis, in a plane twice as many; negative correlation counts as none, unless windows
  /// of any sign count. For images of one kind, with uneven light; of any sign also for images of different kinds that lie near each other.
  case lncc(radius: Int = 2, anySign: Bool = false)
  /// Mutual information of a joint histogram, the moving axis smoothed by cubic B-splines. For images of different kinds.
  case mutualInformation(bins: Int = 32)
  /// Squared differences. For images whose intensities are the same.
  case meanSquares
}

/// How a deformable registration runs. Lengths are voxels of the level at work, along the axis with the finest voxels.
public struct DeformableOptions: Sendable, Hashable {
  /// What is made alike.
  public var metric: DeformableMetric
  /// The number of resolutions, each coarser by 2 along its finest axes; `nil`: until an axis would fall below `minimumExtent`.
  public var levels: Int?
  /// Resolutions left out at the fine end: 1 stops at half resolution.
  public var skippedFineLevels = 0
  /// No level has fewer voxels along an axis (but for axes that have fewer to begin with).
  public var minimumExtent = 32
  /// The most iterations a level, coarsest first; the last is the finest level's, and the first serves all coarser levels left over.
  public var iterations: [Int]
  /// Standard deviation of the Gaussian over which a step's equations are gathered; `nil` goes by the images' noise at full resolution,
  /// and is 3 at coarser levels (in a plane 2 for local correlation and 8 for other metrics).
  public var updateSigma: Double?
  /// Standard deviation of the Gaussian that smooths the whole field after each step; `nil` goes by the images' noise at full resolution,
  /// and is 1.25 at coarser levels (in a plane 0.7 for local correlation and 2 for other metrics).
  public var totalSigma: Double?
  /// Whether the images as given are means of finer voxels, as those of coarser levels are, and have little noise.
  public var isOfMeans = false
  /// The longest displacement of one step.
  public var maximumStep = 1.0
  /// Resistance to a step where the images say little, relative to what they say on average.
  public var damping = 0.05
  /// Variance that each window is taken to have at least, relative to the whole image's; `nil` is 0.003 in 3D and 0.25 in a plane.
  ///
  /// It keeps chance correlation in nearly flat windows from having a say. A window in a plane has so few samples (100 for a radius of 2,
  /// 216 in 3D) that it needs much more of it.
  public var varianceFloor: Double?
  /// Whether forces follow the mean of both images' gradients, not the warped image's alone: steps are then of second order, and noise
  /// does not shorten them. Symmetric mode always does.
  public var bothGradients = true
  /// Both images move to a middle; the result has its inverse.
  public var symmetric = false
  /// Whether an asymmetric registration returns an inverse, too.
  public var inverse = false
  /// A level ends when the mean gain an iteration falls below this part of the metric: what is gained then is mostly noise.
  public var convergenceThreshold = 0.003
  /// The number of iterations that gain is taken over.
  public var convergenceWindow = 2
  /// The most threads at work; the result does not depend on it.
  public var threads = 1

  /// Options for a metric, with iterations a level, coarsest first.
  public init(metric: DeformableMetric = .lncc(), levels: Int? = nil, iterations: [Int] = [40, 30, 20, 16]) {
    self.metric = metric
    self.levels = levels
    self.iterations = iterations
  }

  /// Half resolution, few iterations.
  public static var draft: DeformableOptions {
    var options = DeformableOptions(iterations: [30, 20, 10])
    options.skippedFineLevels = 1
    return options
  }

  /// Full resolution.
  public static var normal: DeformableOptions { DeformableOptions() }

  /// Full resolution until nothing more is gained.
  public static var high: DeformableOptions {
    var options = DeformableOptions(iterations: [80, 60, 40, 20])
    options.convergenceThreshold = 0.0005
    return options
  }

  /// The most iterations of the level with `finer` levels below it.
  func iterations(finer: Int) -> Int {
    iterations.isEmpty ? 0 : iterations[max(0, iterations.count - 1 - finer)]
  }
}
