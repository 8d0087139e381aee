// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Filtering
internal import Foundation
internal import Grids
public import Registration
public import Transforms
internal import Volumes

/// What the coarse stage found for the whole volume.
public struct CoarseRegistration: Sendable {
  /// Affine and coarse warp, from fixed to moving.
  public var transform: ComposedTransform
  /// The start that won: `identity`, `centre of mass`, `phase correlation`, … or the file it was read from.
  public var start: String
  /// Every candidate for the start with its score.
  public var startScores: [(name: String, score: Double)]
  /// Local normalised cross-correlation (radius 4 coarse voxels, foreground) of the fixed with the moving image: at the start, after the
  /// affine map, after the warp.
  public var quality: CoarseQuality
  /// Where the fixed image has foreground, on the coarse lattice.
  public var foreground: Mask
  /// Whether the fixed image is to be looked at in the foreground alone: a mask was given, or its padding is masked.
  var hasFixedMask = false
  /// Where the moving image is to be looked at, where that is not everywhere.
  var movingMask: Mask?
  /// Voxels that are not numbers, in the coarse fixed and moving images.
  public var invalidVoxels: (fixed: Int, moving: Int)
  /// The similarity in force, chosen where `auto` was asked for.
  public var metric: RegistrationMetric
  /// Why that one: `asked for`, or what of the images made `auto` choose it.
  public var metricReason = RegistrationMetric.askedFor
  /// What to know, in words.
  public var notes: [String]
}

extension CoarseRegistration {
  /// A coarse result that is known, not found.
  package init(transform: ComposedTransform, foreground: Mask, metric: RegistrationMetric = .lncc) {
    self.init(
      transform: transform, start: "given", startScores: [], quality: CoarseQuality(start: 0, affine: nil, warp: nil),
      foreground: foreground, invalidVoxels: (0, 0), metric: metric, notes: [])
  }
}

extension RegistrationMetric {
  /// The reason for a metric that was named.
  static let askedFor = "asked for"
}

extension CoarseRegistration {
  /// Tells this result from another.
  var digest: String {
    var digest = Digest()
    func add(_ numbers: [Double]) { for number in numbers { unsafe withUnsafeBytes(of: number.bitPattern) { unsafe digest.add($0) } } }
    func add(_ voxels: VoxelBuffer<Float>) { unsafe voxels.elements.withUnsafeBytes { unsafe digest.add($0) } }
    add(transform.affine.matrix.flatMap(\.self) + transform.affine.offset)
    if let warp = transform.coarse {
      add(warp.space.spacing + warp.space.origin + warp.space.direction.flatMap(\.self))
      for axis in 0..<3 { add(warp.vectors[axis]) }
    }
    for mask in [foreground, movingMask].compactMap(\.self) {
      add(mask.space.spacing + mask.space.origin)
      digest.add(mask.voxels.elements)
    }
    digest.add(metric.rawValue.utf8)
    if hasFixedMask { digest.add("fixed mask".utf8) }
    return digest.description
  }
}

/// How alike the coarse images are after each step; `nil` for a step that did not run.
public struct CoarseQuality: Sendable, Codable {
  /// At the start.
  public var start: Double
  /// After the affine map.
  public var affine: Double?
  /// After the warp.
  public var warp: Double?
}

extension ChunkedRegistration {
  /// Finds the start, the affine map and the coarse warp on downsampled images.
  ///
  /// - Throws: errors of reading; `RegistrationError` where an image is constant or the two do not overlap; `CancellationError`.
  public func registerCoarse() async throws -> CoarseRegistration {
    let folder = try TemporaryRunFolder()
    let run = RegistrationRun(self, folder.run, part: .coarse)
    _ = try run.prepare(run.folder)
    try await LocalExecutor(folder: folder.run, retries: options.retries, progress: progress).run(run)
    return try run.coarse()
  }
}
