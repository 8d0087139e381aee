// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Registration
public import Volumes

/// How alike two images of one lattice are.
public struct ImageSimilarity: Sendable, Hashable, Codable {
  /// Pearson's correlation over the tissue of the first image.
  public let foregroundCorrelation: Double
  /// Pearson's correlation over all voxels.
  public let correlation: Double
  /// The mean local correlation (windows of 9 voxels an axis) over the tissue of the first image.
  public let localCorrelation: Double
  /// Voxels of tissue that both images show.
  public let foregroundVoxels: Int

  /// Compares a fixed and a registered image, tile by tile.
  ///
  /// Voxels that are exactly 0 in the registered image, as where the moving image does not reach, do not count.
  ///
  /// - Throws: `PipelineError` where they differ in extent; `RegistrationError` where the fixed image is constant; errors of reading.
  /// - Complexity: O(voxels) time; memory for tiles of 128 voxels an axis.
  public init(_ fixed: VolumePyramid, _ registered: LazyVolume, threads: Int = 1) throws {
    let image = fixed.finest.liftedToThreeAxes()
    let other = registered.liftedToThreeAxes()
    guard fixed.finest.extent == registered.extent else {
      throw PipelineError(
        "\(fixed.finest.name) has \(fixed.finest.extent) voxels and \(registered.name) has \(registered.extent)",
        hint: "compare the fixed image with what `weft register` or `weft apply --to fixed` wrote")
    }
    var factor = 1
    while fixed.finest.extent.dividedRoundingUp(by: Extent(fixed.finest.extent.lengths.map { _ in factor })).count > 4 << 20 { factor += 1 }
    let coarse = fixed.downsampled(by: fixed.finest.extent.lengths.map { $0 > 32 ? factor : 1 }).liftedToThreeAxes()
    let tissue = try Mask.tissue(of: coarse.load())
    var (whole, inner) = (Moments(), Moments())
    var (localSum, localCount) = (0.0, 0)
    let radius = 4
    for core in image.extent.box.tiles(of: [128, 128, 128]) {
      let box = core.expanded(by: [radius, radius, radius]).intersection(image.extent.box)
      let (a, b) = (try image.read(box), try other.read(box))
      var mask = tissue.resampled(to: image.space.cropped(at: box.lower), extent: box.extent)
      for (at, index) in box.indices.enumerated() {
        guard core.contains(index), a.elements[at].isFinite, b.elements[at].isFinite, b.elements[at] != 0 else {
          mask.elements[at] = 0
          continue
        }
        whole.add(a.elements[at], b.elements[at])
        if mask.elements[at] != 0 { inner.add(a.elements[at], b.elements[at]) }
      }
      let local = localNormalizedCrossCorrelation(a, b, radius: radius, mask: mask, threads: threads)
      localSum += local.mean * Double(local.count)
      localCount += local.count
    }
    correlation = whole.correlation
    foregroundCorrelation = inner.correlation
    foregroundVoxels = Int(inner.count)
    localCorrelation = localCount > 0 ? localSum / Double(localCount) : 0
  }
}

/// Sums for Pearson's correlation.
private struct Moments {
  var count = 0.0
  private var sums = SIMD2<Double>(0, 0)
  private var squares = SIMD2<Double>(0, 0)
  private var product = 0.0

  mutating func add(_ a: Float, _ b: Float) {
    let pair = SIMD2(Double(a), Double(b))
    count += 1
    sums += pair
    squares += pair * pair
    product += pair[0] * pair[1]
  }

  var correlation: Double {
    guard count > 1 else { return 0 }
    let means = sums / count
    let variances = squares / count - means * means
    let scale = (variances[0] * variances[1]).squareRoot()
    return scale > 0 ? (product / count - means[0] * means[1]) / scale : 0
  }
}
