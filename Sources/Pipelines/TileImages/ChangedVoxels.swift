// SPDX-License-Identifier: Apache-2.0

internal import Volumes

/// Voxels that a program made and a number format does not hold as they are, and those that are no numbers.
struct ChangedVoxels {
  let type: VoxelType
  /// Beyond the range of the format: its ends are written.
  private(set) var clipped = 0
  /// NaN or infinite.
  private(set) var unusual = 0
  private let least: Double
  private let most: Double

  /// None yet.
  init(_ type: VoxelType) {
    func ends<Voxel: VoxelScalar>(_ type: Voxel.Type) -> (Double, Double) {
      (Voxel.saturating(real: -Double.infinity).double, Voxel.saturating(real: Double.infinity).double)
    }
    self.type = type
    (least, most) = ends(type.scalar)
  }

  /// Counts those among some voxels.
  mutating func add(_ voxels: VoxelBuffer<Float>) {
    let values = voxels.span
    for i in values.indices {
      if !values[i].isFinite {
        unusual += 1
      } else {
        let value = Double(values[i]).rounded(.toNearestOrEven)
        if value < least || value > most { clipped += 1 }
      }
    }
  }

  /// As a ledger has it behind a task's own result; nothing where there are none.
  var suffix: String { clipped == 0 && unusual == 0 ? "" : " \(clipped) \(unusual)" }

  /// Takes in what a task had in its result.
  mutating func add(result: String?) {
    let counts = (result ?? "").split(separator: " ").dropFirst().compactMap { Int($0) }
    guard counts.count == 2 else { return }
    clipped += counts[0]
    unusual += counts[1]
  }

  /// A task's own result, without the suffix.
  static func result(_ text: String?) -> String? { text?.split(separator: " ").first.map(String.init) }

  /// What to tell the user.
  var warnings: [String] {
    func voxels(_ count: Int) -> String { "\(count) voxel\(count == 1 ? "" : "s")" }
    func end(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
    var warnings: [String] = []
    if clipped > 0 {
      warnings.append(
        "the program made \(voxels(clipped)) that \(type.rawValue) does not hold (\(end(least)) to \(end(most))): "
          + "the nearer end is written; choose another --dtype, as float32")
    }
    if unusual > 0 {
      warnings.append(
        "the program made \(voxels(unusual)) that are NaN or infinite"
          + (type.isInteger ? ", which \(type.rawValue) does not hold: 0 is written for NaN, the ends of its range for infinities" : ""))
    }
    return warnings
  }
}
