// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
public import Transforms
internal import Volumes

/// Writes one transform, or several composed, or the inverse of that, in the format of another program.
public struct TransformConversion: Sendable {
  /// What was asked for.
  public let options: TransformOptions
  /// The inputs, the one that acts last first.
  public let sources: [TransformSource]
  let rank: Int
  let unit: LengthUnit?
  let fixed: FieldLattice?
  let moving: FieldLattice?

  /// What became of it.
  public struct Result: Sendable {
    /// What was written.
    public var output: String
    /// Its format.
    public var format: TransformFormat
    /// The nodes that displacements were sampled at, and their distances; `nil` where none were.
    public var nodes: [Int]?
    public var spacing: [Double]?
    public var unit: String?
    /// The largest difference half-way between nodes from the transform itself, in voxels of the image that it maps from; `nil` where
    /// nothing was sampled.
    public var largestDifference: Double?
    /// Cells of the lattice that are turned inside out.
    public var folded = 0
    /// How far the inverse is off at the most, in voxels; `nil` where nothing was inverted by iteration.
    public var largestResidual: Double?
    /// Points for which the inverse is farther off than asked.
    public var unresolved = 0
    /// The largest error of 16 bits, in the lattice's unit.
    public var quantizationError: Double?
    /// Landmarks written.
    public var landmarks: Int?
    /// What is worth knowing.
    public var notes: [String] = []
  }

  /// Opens the inputs.
  ///
  /// - Parameter inputs: in the order of `antsApplyTransforms`: the last one is applied first.
  /// - Throws: what opening them throws; `PipelineError` where their ranks differ.
  public init(_ inputs: [String], options: TransformOptions) throws {
    let sources = try inputs.map { try TransformSource.open($0, options: options) }
    let first = sources[0]
    if let other = sources.first(where: { $0.rank != first.rank }) {
      throw PipelineError(
        "\(first.path) is \(first.rank)D, and \(other.path) is \(other.rank)D", hint: "compose transforms of one rank")
    }
    self.sources = sources
    self.options = options
    rank = first.rank
    let unit = first.unit
    self.unit = unit
    fixed = try options.lattice(options.fixed, first.rank, unit) ?? sources.last!.fixedLattice?.converted(to: unit)
    moving = try options.lattice(options.moving, first.rank, unit) ?? first.movingLattice?.converted(to: unit)
  }

  /// The steps of all inputs, in the order in which a point goes through them, in one unit.
  private func whole(_ steps: (TransformSource) -> PartedMap) -> PartedMap {
    PartedMap(
      sources.reversed().flatMap { source in
        guard let own = source.unit, let unit, own != unit else { return steps(source).parts }
        return steps(source).scaled(by: own.factor(to: unit), unit: unit).parts
      })
  }

  /// Writes the transform.
  ///
  /// - Throws: `PipelineError` or `TransformError` where the output exists, its format cannot hold the transform, the lattice is not known, or
  ///   the memory does not suffice; what reading and writing throw. Nothing appears under the output's name then.
  public func run(output: String) throws -> Result {
    let format = try options.to ?? TransformFormat(ofName: output)
    try checkPlace(output)
    var result = Result(output: output, format: format)
    result.notes = sources.flatMap(\.notes)
    let forward = whole(\.map)
    let notes = InversionNotes()
    var map = forward
    if options.inverse {
      guard let inverse = whole(\.smooth).inverse(tolerance: options.tolerance, notes: notes) else {
        throw PipelineError(
          "\(sources.map(\.path).joined(separator: ", ")) cannot be inverted: the affine map is singular (determinant \(forward.linear.determinant))",
          hint: "a map that flattens space has no inverse")
      }
      map = inverse
    } else if abs(forward.linear.determinant) < 1e-12 {
      throw PipelineError(
        "\(sources.map(\.path).joined(separator: ", ")) flattens space: the determinant of its affine map is \(forward.linear.determinant)",
        hint: "this is no transform between images; look at it with `weft transform info`")
    }
    let (from, to) = options.inverse ? (moving, fixed) : (fixed, moving)
    var writer = TransformOutput(
      path: output, format: format, map: map, rank: rank, unit: unit, from: from, to: to, options: options,
      voxel: (fixed ?? from)?.finestSpacing, resident: sources.map(\.residentBytes).reduce(0, +))
    if options.inverse, from == nil, let fixed {
      writer.fallback = (
        fixed, "the inverse is sampled on the lattice of the displacement that is inverted; --like IMAGE names another"
      )
    }
    try writer.write(&result)
    let summary = notes.summary
    if options.inverse, summary.points > 0 {
      result.largestResidual = summary.largestResidual
      result.unresolved = summary.unresolved
    }
    return result
  }

  private func checkPlace(_ output: String) throws {
    try OutputFolder.refuse(output, inside: sources.map(\.path) + [options.fixed, options.moving, options.like].compactMap(\.self))
    guard let isFolder = FileManager.default.isFolder(atPath: output) else { return }
    guard options.overwrite else {
      throw PipelineError("\(output) exists", hint: "choose another name, or give --overwrite")
    }
    if isFolder, !FieldImage.isOne(output) {
      throw PipelineError(
        "\(output) is a folder that holds no displacement field of Weft, and is not replaced", hint: "choose another name")
    }
  }
}
