// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Transforms
internal import Volumes

/// What a transform is, for people and programs.
public struct TransformDescription: Sendable, Encodable {
  /// One step, in the order in which a point goes through them.
  public struct Part: Sendable, Encodable {
    /// `affine` or `displacement`.
    public var kind: String
    /// Rows of the matrix, z, y, x (2D: y, x), and what is added after it.
    public var matrix: [[Double]]?
    public var offset: [Double]?
    /// By what volumes (2D: areas) grow; negative where the map mirrors.
    public var determinant: Double?
    /// Degrees about the axis (z, y, x; 2D: none).
    public var rotation: Double?
    public var axis: [Double]?
    /// By how much lengths grow along z, y, x.
    public var scale: [Double]?
    /// How far y leans towards x, z towards x, z towards y.
    public var shear: [Double]?
    /// The lattice of a displacement.
    public var extent: [Int]?
    public var spacing: [Double]?
    public var origin: [Double]?
    public var direction: [[Double]]?
    /// The longest displacement at the nodes that were looked at, in `unit` and in voxels of the lattice.
    public var largestDisplacement: Double?
    public var largestDisplacementInVoxels: Double?
    /// How many nodes were looked at, and how many cells between them are turned inside out.
    public var nodesLookedAt: Int?
    public var foldedCells: Int?
  }

  /// What was asked about.
  public var path: String
  /// What it is.
  public var kind: String
  /// 2 or 3.
  public var rank: Int
  /// The unit of lengths; `nil` where none is known.
  public var unit: String?
  /// The steps.
  public var parts: [Part]
  /// What is worth knowing.
  public var notes: [String]

  /// Nodes along an axis at which displacements are looked at, at the most.
  static let mostNodes = 64

  /// Looks at a transform.
  ///
  /// - Parameter threads: the most threads at work; `nil` for all processors.
  /// - Throws: what reading displacements throws.
  public init(_ source: TransformSource, threads: Int? = nil) throws {
    path = source.path
    kind = source.title
    rank = source.rank
    unit = source.unit?.name
    notes = source.notes
    parts = []
    for part in source.map.parts {
      switch part {
      case .affine(let map): parts.append(Self.affine(map.onLast(source.rank)))
      case .displacement(let map, let lattice):
        parts.append(try Self.displacement(map, lattice, source.rank, ThreadCount.resolved(threads)))
      }
    }
    if parts.isEmpty { parts = [Self.affine(.identity(rank: source.rank))] }
  }

  private static func affine(_ map: AffineTransform) -> Part {
    let told = AffineDecomposition(map)
    return Part(
      kind: "affine", matrix: map.matrix, offset: map.offset, determinant: map.determinant, rotation: told?.angle, axis: told?.axis,
      scale: told?.scale, shear: told?.shear)
  }

  private static func displacement(_ map: any PointMap, _ lattice: FieldLattice, _ rank: Int, _ threads: Int) throws -> Part {
    let looked = lattice.resampled(
      spacing: (0..<3).map { max(1, Double(lattice.extent[$0] - 1) / Double(mostNodes - 1)) * lattice.space.spacing[$0] })
    let findings = try LatticeSampler(map, on: looked, sign: 1).sampleAll(boxes: LatticeSampler.box(of: looked.extent), threads: threads) {
      _, _, _ in
    }
    let space = lattice.space
    return Part(
      kind: "displacement", extent: Array(lattice.extent.lengths.suffix(rank)), spacing: Array(space.spacing.suffix(rank)),
      origin: Array(space.origin.suffix(rank)), direction: space.direction.suffix(rank).map { Array($0.suffix(rank)) },
      largestDisplacement: findings.longest, largestDisplacementInVoxels: findings.longest / lattice.finestSpacing,
      nodesLookedAt: findings.nodes, foldedCells: findings.folded)
  }
}
