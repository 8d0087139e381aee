// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Block size, overlap and downsampling for volumes of a size.
public enum Preset: String, Sendable, CaseIterable, Codable {
  /// Chosen by the bytes of the larger input.
  case auto
  /// Below 2 GB.
  case small
  /// 2 to 10 GB.
  case medium
  /// 10 to 50 GB.
  case large
  /// Above 50 GB.
  case huge

  /// The preset for an input of that many bytes.
  public static func fitting(bytes: Int) -> Preset {
    switch bytes {
    case ..<2_000_000_000: .small
    case ..<10_000_000_000: .medium
    case ..<50_000_000_000: .large
    default: .huge
    }
  }

  /// The coarse spacing as a multiple of the finest.
  public var downsample: Int {
    switch self {
    case .auto, .small, .medium: 4
    case .large: 6
    case .huge: 8
    }
  }

  /// The largest core of a block, in voxels.
  public var core: Extent {
    switch self {
    case .auto, .small: [512, 512, 512]
    case .medium, .large: [256, 256, 256]
    case .huge: [128, 256, 256]
    }
  }

  /// Voxels between the control points of the local field. At 2 it takes 1.5 bytes a voxel and holds all that the engine finds, at 4 an
  /// eighth of that, which smooths away what differs from one structure to the next in images without noise.
  public var fieldStride: Int {
    switch self {
    case .auto, .small, .medium: 2
    case .large, .huge: 4
    }
  }

  /// The overlap of blocks, per side.
  public var overlap: Overlap {
    switch self {
    case .auto, .small: .fraction(0.10)
    case .medium, .large: .fraction(0.15)
    case .huge: .fraction(0.20)
    }
  }
}
