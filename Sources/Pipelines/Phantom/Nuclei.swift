// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// A cell nucleus: a soft ellipsoid, in scene units (the finest voxel spacing is 1).
struct Nucleus: Sendable {
  /// A number of its own, above zero.
  let label: UInt32
  let centre: SIMD3<Double>
  /// The quadratic form that is 1 on its surface: zz, yy, xx.
  let diagonal: SIMD3<Float>
  /// The mixed terms, doubled: zy, zx, yx.
  let mixed: SIMD3<Float>
  let brightness: Float

  /// How far any nucleus reaches.
  static let reach = 6.5

  /// 0 in the centre, 1 on the surface.
  @inline(__always) func form(_ d: SIMD3<Float>) -> Float {
    let squares = d * d * diagonal
    let products = SIMD3(d[0] * d[1], d[0] * d[2], d[1] * d[2]) * mixed
    return (squares[0] + squares[1] + squares[2]) + (products[0] + products[1] + products[2])
  }
}

/// At most one nucleus in each cell of a jittered grid, so that any part of the scene can be made alone.
struct NucleusGrid: Sendable {
  /// The side of a cell in scene units; above twice the reach of a nucleus, so that a point sees 8 cells.
  static let cell = 13.0

  let seed: UInt64
  /// Cells along z, y, x.
  let shape: Extent
  let isFlat: Bool

  /// The grid for a scene of that size in scene units.
  init(seed: UInt64, size: [Double], isFlat: Bool) {
    self.seed = seed
    self.isFlat = isFlat
    shape = Extent(size.map { Int(($0 / Self.cell).rounded(.up)) })
  }

  /// The nucleus in a cell; `nil` where there is none. `density` is the chance of one, by position.
  func nucleus(_ z: Int, _ y: Int, _ x: Int, density: (SIMD3<Double>) -> Double) -> Nucleus? {
    guard shape.box.contains([z, y, x]) else { return nil }
    var bits = PlaceHash.at(z, y, x, seed: seed)
    func next() -> Double {
      bits = PlaceHash.mix(bits)
      return PlaceHash.unit(bits)
    }
    var centre =
      (SIMD3(Double(z), Double(y), Double(x)) + SIMD3(0.5 + 0.8 * (next() - 0.5), 0.5 + 0.8 * (next() - 0.5), 0.5 + 0.8 * (next() - 0.5)))
    centre *= Self.cell
    if isFlat { centre[0] = 0 }
    let chance = next()
    guard chance < density(centre) else { return nil }
    let semiAxes = [4.4 + 1.1 * next(), 3.6 + 0.9 * next(), 2.9 + 0.8 * next()]
    let axes = Self.rotation(next(), next(), next())
    // Σ over axes of (a · d)² / r².
    func term(_ i: Int, _ j: Int) -> Float {
      Float((0..<3).map { axes[$0][i] * axes[$0][j] / (semiAxes[$0] * semiAxes[$0]) }.reduce(0, +))
    }
    return Nucleus(
      label: UInt32(clamping: (z * shape[1] + y) * shape[2] + x + 1), centre: centre, diagonal: SIMD3(term(0, 0), term(1, 1), term(2, 2)),
      mixed: SIMD3(2 * term(0, 1), 2 * term(0, 2), 2 * term(1, 2)), brightness: Float(0.45 + 0.75 * next()))
  }

  /// A rotation from three numbers in 0 ..< 1, by the rational (Cayley) form of a quaternion: no trigonometry, so the same on every
  /// machine. Returns three unit vectors.
  private static func rotation(_ a: Double, _ b: Double, _ c: Double) -> [[Double]] {
    let (p, q, r) = (2 * a - 1, 2 * b - 1, 2 * c - 1)
    let norm = 1 + p * p + q * q + r * r
    let (w, x, y, z) = (1.0, p, q, r)
    return [
      [(w * w + x * x - y * y - z * z) / norm, 2 * (x * y - w * z) / norm, 2 * (x * z + w * y) / norm],
      [2 * (x * y + w * z) / norm, (w * w - x * x + y * y - z * z) / norm, 2 * (y * z - w * x) / norm],
      [2 * (x * z - w * y) / norm, 2 * (y * z + w * x) / norm, (w * w - x * x - y * y + z * z) / norm],
    ]
  }
}
