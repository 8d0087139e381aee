// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Pyramids
public import Volumes

/// What a phantom shows.
public enum PhantomContents: String, Sendable, Hashable, Codable, CaseIterable {
  /// A piece of an organ: nuclei, fibres, texture, an outline that cuts nuclei.
  case tissue
  /// Nuclei and texture all over: every nucleus to be seen is whole or cut by the border only, and labelled so.
  case nuclei
}

/// What a phantom looks like.
public struct PhantomOptions: Sendable {
  /// Voxels along each axis, z, y, x; or y, x for one plane.
  public var shape = [256, 256, 256]
  /// The same seed gives the same voxels and the same transform.
  public var seed: UInt64 = 1
  /// `uint8` or `uint16`.
  public var voxelType = VoxelType.uint16
  /// What it shows.
  public var contents = PhantomContents.tissue
  /// Distance between voxels along each axis, in micrometres; `nil` is 1.
  public var spacing: [Double]?
  /// Voxels of a chunk of the stored images; `nil` takes about 2 MB.
  public var chunk: Extent?
  /// The largest smooth displacement in voxels; `nil` takes a twenty-fifth of the longest axis. Above a twentieth it bends over a longer way.
  public var displacement: Double?
  /// Whether label images of the nuclei are written too.
  public var labels = false
  /// The OME-NGFF version written.
  public var omeVersion = OMEVersion.v05
  /// How many threads compute; `nil` takes all that this process may use.
  public var threads: Int?
  /// Whether images that exist are replaced.
  public var overwrite = false

  /// The defaults.
  public init() {}
}
