// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Centres of nuclei that both images of a phantom show, a few thousand at most.
struct PhantomLandmarks: Sendable {
  static let fileName = "landmarks.csv"

  /// Physical positions, z, y, x (2D: y, x).
  let pairs: [(label: UInt32, fixed: [Double], moving: [Double])]

  init(of truth: PhantomTruth) {
    let size = truth.voxelSize
    let scene = truth.scene
    let extent = truth.lifted
    let rank = truth.shape.count
    // One cell in so many is looked at: those whose own number says so.
    let every = max(1, scene.nuclei.shape.count / 12_000)
    var pairs: [(label: UInt32, fixed: [Double], moving: [Double])] = []
    for cell in scene.nuclei.shape.box.indices {
      if every > 1, PlaceHash.at(cell[0], cell[1], cell[2], seed: ~truth.seed) % UInt64(every) != 0 { continue }
      let middle = SIMD3(Double(cell[0]), Double(cell[1]), Double(cell[2])) * NucleusGrid.cell + NucleusGrid.cell / 2
      guard let nucleus = scene.part(lower: middle, upper: middle).nucleus(inCell: cell) else { continue }
      let moving = (0..<3).map { nucleus.centre[$0] / size[$0] }
      guard Self.isInside(moving, extent), let fixed = truth.inverse(moving), Self.isInside(fixed, extent) else { continue }
      let space = truth.liftedSpace
      pairs.append((nucleus.label, Array(space.world(of: fixed).suffix(rank)), Array(space.world(of: moving).suffix(rank))))
    }
    self.pairs = pairs
  }

  /// Rows `label,fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x`.
  var csv: String {
    let axes = ["z", "y", "x"].suffix(pairs.first?.fixed.count ?? 3)
    var lines = [(["label"] + axes.map { "fixed_\($0)" } + axes.map { "moving_\($0)" }).joined(separator: ",")]
    for pair in pairs { lines.append(([String(pair.label)] + (pair.fixed + pair.moving).map(Self.text)).joined(separator: ",")) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func isInside(_ voxel: [Double], _ extent: Extent) -> Bool {
    (0..<3).allSatisfy { voxel[$0] >= 0 && voxel[$0] <= Double(extent[$0] - 1) }
  }

  /// Ten-thousandths, which is a hundredth of the least that matters.
  private static func text(_ value: Double) -> String { String((value * 10_000).rounded() / 10_000) }
}
