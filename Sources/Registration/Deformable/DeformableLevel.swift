// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Volumes

/// One image at one level: its voxels, centred and scaled to variance 1 at full resolution, and which of them count.
struct LevelImage: Sendable {
  /// 0 where a voxel does not count.
  var values: [Float]
  var valid: [UInt8]

  init(values: [Float], valid: [UInt8]) {
    self.values = values
    self.valid = valid
  }

  /// An image for a kernel to write.
  init(unwritten lattice: Lattice) {
    self.init(values: [Float](unwritten: lattice.count), valid: [UInt8](unwritten: lattice.count))
  }

  /// The image as it is warped: not a number where a voxel does not count.
  func forWarping(threads: Int) -> LevelImage {
    valid.contains(0) ? LevelImage(values: values.masked(by: valid, threads: threads), valid: valid) : self
  }
}

/// One resolution: both images on one lattice, and the coarser lattice that holds the field.
///
/// A field's values are always in voxels of the full lattice; scales turn them into voxels of this level or of the field's lattice.
struct DeformableLevel: Sendable {
  /// Voxels of the full lattice for one of this level.
  let factors: [Int]
  let lattice: Lattice
  /// Voxels of this level for one of the field's lattice, 1 or 2.
  let fieldFactors: [Int]
  let fieldLattice: Lattice
  /// Distance between voxels of this level along each axis; the least of it is the level's unit of length.
  let spacing: [Double]
  let fullSpacing: [Double]
  /// Whether there is no other level, so that this one has all of the way to go.
  var isOnly = false
  /// The standard deviation of noise in the images at full resolution, where they have variance 1.
  var noise = 0.0
  /// For warping in symmetric mode.
  var fixed: LevelImage
  /// For warping.
  var moving: LevelImage

  /// The least spacing along axes of more than one voxel.
  var unit: Double { zip(spacing, lattice.lengths).filter { $0.1 > 1 }.map(\.0).min() ?? 1 }
  /// From a difference per voxel to one per unit of length.
  var gradientScales: [Float] { spacing.map { Float(unit / $0) } }
  /// From units of length to voxels of the full lattice.
  var stepScales: [Float] { fullSpacing.map { Float(unit / $0) } }
  /// From voxels of the full lattice to voxels of this level.
  var imageScales: [Float] { factors.map { 1 / Float($0) } }
  /// From voxels of the full lattice to voxels of the field's lattice.
  var fieldScales: [Float] { zip(factors, fieldFactors).map { 1 / Float($0 * $1) } }

  /// Standard deviations, in units of length, of the Gaussian over which a step is gathered and of the one that smooths the whole field.
  ///
  /// At full resolution they go by the noise; means of finer voxels have little of it. Where windows are wide (in a plane) steps need less;
  /// metrics without windows gather as many samples in a plane (a Gaussian of 8 weighs 400) as in a volume (one of 3 weighs 425).
  func smoothing(_ options: DeformableOptions) -> (update: Double, total: Double) {
    var found = (update: isOnly ? 3 : min(max(50 * noise, 1.5), 3), total: min(max(25 * noise, 0.6), 2))
    if options.isOfMeans || factors.contains(where: { $0 > 1 }) {
      found =
        switch options.metric {
        case _ where lattice.z > 1: (3, 1.25)
        case .lncc: (2, 0.7)
        case .mutualInformation, .meanSquares: (8, 2)
        }
    }
    return (options.updateSigma ?? found.update, options.totalSigma ?? found.total)
  }

  /// A sigma in units of length as voxels of the field's lattice, one an axis.
  func fieldSigma(_ sigma: Double) -> [Double] { (0..<3).map { sigma * unit / (spacing[$0] * Double(fieldFactors[$0])) } }
}

/// Which axes the next coarser lattice halves: those whose voxels are no more than 1.5 times the finest, and that keep `minimum` voxels.
func halving(lattice: Lattice, spacing: [Double], minimum: Int) -> [Int] {
  let halvable = (0..<3).filter { (lattice.lengths[$0] + 1) / 2 >= minimum }
  guard let finest = halvable.map({ spacing[$0] }).min() else { return [1, 1, 1] }
  return (0..<3).map { halvable.contains($0) && spacing[$0] <= 1.5 * finest ? 2 : 1 }
}

/// All levels, coarsest first.
func deformableLevels(
  fixed: LevelImage, moving: LevelImage, lattice: Lattice, spacing: [Double], options: DeformableOptions
) -> [DeformableLevel] {
  var levels: [DeformableLevel] = []
  var (fixed, moving, lattice, factors) = (fixed, moving, lattice, [1, 1, 1])
  let count = options.levels.map { max(1, $0) } ?? Int.max
  let noises = [fixed, moving].concurrentMap(threads: options.threads) { [lattice] in $0.noise(lattice) }
  let noise = ((noises[0] * noises[0] + noises[1] * noises[1]) / 2).squareRoot()
  while true {
    let here = zip(spacing, factors).map { $0 * Double($1) }
    let fieldFactors = halving(lattice: lattice, spacing: here, minimum: 4)
    levels.append(
      DeformableLevel(
        factors: factors, lattice: lattice, fieldFactors: fieldFactors, fieldLattice: lattice.dividedRoundingUp(by: fieldFactors),
        spacing: here, fullSpacing: spacing,
        noise: noise,
        fixed: options.symmetric ? fixed.forWarping(threads: options.threads) : fixed,
        moving: moving.forWarping(threads: options.threads)))
    let next = halving(lattice: lattice, spacing: here, minimum: options.minimumExtent)
    if levels.count == count || next == [1, 1, 1] { break }
    let coarse = shrunk(fixed.values, valid: fixed.valid, lattice: lattice, factors: next, threads: options.threads)
    let coarseMoving = shrunk(moving.values, valid: moving.valid, lattice: lattice, factors: next, threads: options.threads)
    fixed = LevelImage(values: coarse.values, valid: coarse.valid)
    moving = LevelImage(values: coarseMoving.values, valid: coarseMoving.valid)
    lattice = coarse.lattice
    factors = zip(factors, next).map(*)
  }
  levels[0].isOnly = levels.count == 1
  return levels.dropFirst(min(options.skippedFineLevels, levels.count - 1)).reversed()
}
