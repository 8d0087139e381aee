// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Transforms
internal import Volumes

/// How transforms are read, composed, inverted and written.
public struct TransformOptions: Sendable {
  /// What the inputs are said to be, where their content does not tell.
  public var from: TransformFormat?
  /// What is written; `nil` for what the output's name asks for.
  public var to: TransformFormat?
  /// What of a registration is meant.
  public var part = RegistrationPart.whole
  /// Whether the inverse is written.
  public var inverse = false
  /// How far an inverse may be off, in voxels of the lattice on which the displacement is known.
  public var tolerance = 0.01
  /// The unit of the inputs' lengths, in place of their format's: `um`, `mm`, …, or `none`.
  public var unit: String?
  /// The image whose lattice a displacement field is sampled on.
  public var like: String?
  /// The distances of the nodes that a field is sampled at, z, y, x (2D: y, x), in the lattice's unit.
  public var spacing: [Double]?
  /// The image that the transform maps from, for formats that count from its first voxel or name its lattice.
  public var fixed: String?
  /// The image that the transform maps to.
  public var moving: String?
  /// Writes int16 that are off by no more than so many voxels; `nil` writes float32. OME-Zarr only.
  public var quantize: Double?
  /// How many landmarks are sampled, at the most.
  public var landmarks = 500
  /// Whether an output that exists is replaced.
  public var overwrite = false
  /// The most threads at work; the result does not depend on it. `nil` for all processors.
  public var threads: Int?
  /// The most memory the process may take; `nil` for four fifths of what is available.
  public var memory: MemoryBudget?

  /// The defaults.
  public init() {}

  /// The unit that is said to hold.
  ///
  /// - Throws: `PipelineError` where there is no such unit.
  var saidUnit: LengthUnit?? {
    get throws {
      guard let unit else { return nil }
      if unit == "none" { return .some(nil) }
      guard let known = LengthUnit(unit) else {
        throw PipelineError("--unit \(unit) is no unit of length", hint: "give mm, um, nm, … or none")
      }
      return .some(known)
    }
  }
}
