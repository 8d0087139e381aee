// SPDX-License-Identifier: Apache-2.0

/// How far neighbouring blocks overlap, per side: a fraction of the core, or voxels.
public enum Overlap: Hashable, Sendable, Codable {
  /// A fraction of the core along each axis, at least 0 and below 1.
  case fraction(Double)
  /// Voxels, the same along each axis.
  case voxels(Int)

  /// Reads `0.15` as a fraction and `38vx` as voxels; `nil` for anything else, a fraction outside 0..<1, or negative voxels.
  public init?(_ text: String) {
    if text.hasSuffix("vx") {
      guard let voxels = Int(text.dropLast(2)), voxels >= 0 else { return nil }
      self = .voxels(voxels)
    } else {
      guard let fraction = Double(text), fraction >= 0, fraction < 1 else { return nil }
      self = .fraction(fraction)
    }
  }

  /// The halo for a core: `min(⌈requested⌉, core − 1)` along each axis, so that no block needs more than its nearest neighbours.
  public func halo(core: Extent) -> Extent {
    Extent(
      core.lengths.map { length in
        let requested =
          switch self {
          case .fraction(let fraction): Int((fraction * Double(length)).rounded(.up))
          case .voxels(let voxels): voxels
          }
        return max(0, min(requested, length - 1))
      })
  }
}

extension Overlap: CustomStringConvertible {
  /// As the command line takes it: `0.15` or `38vx`.
  public var description: String {
    switch self {
    case .fraction(let fraction): "\(fraction)"
    case .voxels(let voxels): "\(voxels)vx"
    }
  }
}
