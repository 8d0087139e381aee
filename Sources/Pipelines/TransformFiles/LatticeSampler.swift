// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Transforms
internal import Volumes

/// Displacements of a map on a lattice, box by box, and what is lost by keeping only these.
struct LatticeSampler: Sendable {
  let map: any PointMap
  let lattice: FieldLattice
  /// The sign of the determinant that a map without folds has.
  let sign: Double
  /// The length that losses are told in, in the lattice's unit.
  let voxel: Double

  /// Nodes a side of the boxes that are sampled at once.
  static func box(of extent: Extent) -> Extent { extent[0] == 1 ? [1, 512, 512] : [64, 64, 64] }
  /// Bytes that a node takes while its box is sampled: where it is, where it goes, the same between nodes, and what inverting it needs.
  static let bytesPerNode = 600

  /// What sampling found out.
  struct Findings: Sendable {
    /// The least and the greatest displacement along z, y, x.
    var lower = SIMD3<Double>(repeating: .infinity)
    var upper = SIMD3<Double>(repeating: -.infinity)
    /// The longest displacement.
    var longest = 0.0
    /// The largest difference half-way between nodes of the map from what is interpolated linearly, in voxels.
    var largestDifference = 0.0
    /// Cells of the lattice that are turned inside out.
    var folded = 0
    /// Nodes.
    var nodes = 0

    mutating func merge(_ other: Findings) {
      lower = pointwiseMin(lower, other.lower)
      upper = pointwiseMax(upper, other.upper)
      longest = max(longest, other.longest)
      largestDifference = max(largestDifference, other.largestDifference)
      folded += other.folded
      nodes += other.nodes
    }
  }

  init(_ map: any PointMap, on lattice: FieldLattice, sign: Double, voxel: Double? = nil) {
    self.map = map
    self.lattice = lattice
    self.sign = sign
    self.voxel = voxel ?? lattice.finestSpacing
  }

  /// The displacements over a box, z, y, x along the world's axes, in world units.
  func sample(_ box: Box) throws -> (vectors: VectorField, findings: Findings) {
    let extent = lattice.extent
    // One node further, for what lies between the last ones here and the next.
    let grown = Box(lower: box.lower, upper: (0..<3).map { min(box.upper[$0] + 1, extent[$0]) })
    let columns = (0..<3).map { axis in
      SIMD3(lattice.space.direction[0][axis], lattice.space.direction[1][axis], lattice.space.direction[2][axis])
        * lattice.space.spacing[axis]
    }
    let origin = SIMD3(lattice.space.origin[0], lattice.space.origin[1], lattice.space.origin[2])
    func world(_ box: Box, _ shift: SIMD3<Double>) -> [SIMD3<Double>] {
      var points: [SIMD3<Double>] = []
      points.reserveCapacity(box.count)
      for z in box.lower[0]..<box.upper[0] {
        for y in box.lower[1]..<box.upper[1] {
          let row = origin + columns[0] * (Double(z) + shift[0]) + columns[1] * (Double(y) + shift[1])
          for x in box.lower[2]..<box.upper[2] { points.append(row + columns[2] * (Double(x) + shift[2])) }
        }
      }
      return points
    }
    let nodes = world(grown, SIMD3())
    var moved = nodes
    try map.move(&moved)
    var findings = Findings()
    var vectors = VectorField(zeros: box.extent)
    let strides = [grown.extent[1] * grown.extent[2], grown.extent[2], 1]
    var target = 0
    for z in 0..<box.extent[0] {
      for y in 0..<box.extent[1] {
        let row = z * strides[0] + y * strides[1]
        for x in 0..<box.extent[2] {
          let way = moved[row + x] - nodes[row + x]
          vectors.z.elements[target] = Float(way[0])
          vectors.y.elements[target] = Float(way[1])
          vectors.x.elements[target] = Float(way[2])
          findings.lower = pointwiseMin(findings.lower, way)
          findings.upper = pointwiseMax(findings.upper, way)
          findings.longest = max(findings.longest, (way * way).sum())
          target += 1
        }
      }
    }
    findings.longest = findings.longest.squareRoot()
    findings.nodes = box.count
    try look(between: grown, strides, moved, columns, &findings) { world($0, $1) }
    return (vectors, findings)
  }

  /// Compares the middle of each cell with the mean of its corners, and counts cells that are turned inside out.
  private func look(
    between grown: Box, _ strides: [Int], _ moved: [SIMD3<Double>], _ columns: [SIMD3<Double>], _ findings: inout Findings,
    _ world: (Box, SIMD3<Double>) -> [SIMD3<Double>]
  ) throws {
    let axes = (0..<3).filter { lattice.extent[$0] > 1 }
    let cells = Box(lower: grown.lower, upper: (0..<3).map { grown.upper[$0] - (axes.contains($0) ? 1 : 0) })
    guard !cells.isEmpty, !axes.isEmpty else { return }
    var shift = SIMD3<Double>()
    for axis in axes { shift[axis] = 0.5 }
    var middles = world(cells, shift)
    try map.move(&middles)
    let corners = (0..<(1 << axes.count)).map { corner in
      axes.indices.reduce(0) { $0 + ((corner >> $1) & 1) * strides[axes[$1]] }
    }
    let orientation = Self.determinant(columns[0], columns[1], columns[2]) * sign
    var number = 0
    var largest = 0.0
    for z in 0..<cells.extent[0] {
      for y in 0..<cells.extent[1] {
        for x in 0..<cells.extent[2] {
          let start = z * strides[0] + y * strides[1] + x
          var mean = SIMD3<Double>()
          for corner in corners { mean += moved[start + corner] }
          let off = mean / Double(corners.count) - middles[number]
          largest = max(largest, (off * off).sum())
          number += 1
          let edges = (0..<3).map { lattice.extent[$0] == 1 ? columns[$0] : moved[start + strides[$0]] - moved[start] }
          if Self.determinant(edges[0], edges[1], edges[2]) * orientation <= 0 { findings.folded += 1 }
        }
      }
    }
    findings.largestDifference = largest.squareRoot() / voxel
  }

  private static func determinant(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> Double {
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
  }

  /// Samples every box of a tiling, several at once, and hands each on, in order.
  ///
  /// - Returns: what all of them found.
  /// - Throws: what sampling or `body` throws; `CancellationError`.
  @discardableResult
  func sampleAll(
    boxes: Extent, threads: Int, _ body: (_ box: Box, _ vectors: VectorField, _ findings: Findings) throws -> Void
  ) throws -> Findings {
    var all = Findings()
    let tiles = lattice.extent.box.tiles(of: Extent((0..<3).map { min(boxes[$0], lattice.extent[$0]) }))
    for start in stride(from: 0, to: tiles.count, by: threads) {
      try Task.checkCancellation()
      let batch = Array(tiles[start..<min(start + threads, tiles.count)])
      let results = batch.concurrentMap(threads: threads) { box in Result { try sample(box) } }
      for (box, result) in zip(batch, results) {
        let (vectors, findings) = try result.get()
        all.merge(findings)
        try body(box, vectors, findings)
      }
    }
    return all
  }

  /// All displacements in memory.
  func field(threads: Int) throws -> (field: DisplacementField, findings: Findings) {
    var vectors = VectorField(zeros: lattice.extent)
    let findings = try sampleAll(boxes: Self.box(of: lattice.extent), threads: threads) { box, part, _ in
      for axis in 0..<3 { vectors[axis].copy(from: part[axis], box: box.extent.box, at: box.lower) }
    }
    return (DisplacementField(vectors: vectors, space: lattice.space), findings)
  }
}
