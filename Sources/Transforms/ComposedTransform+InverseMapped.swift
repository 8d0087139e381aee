// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Volumes

extension ComposedTransform {
  /// Maps every voxel of a box of the moving lattice (or another one there) back to the fixed lattice, by `InverseSearch` from a start
  /// that undoes affine and coarse warp.
  ///
  /// - Parameters:
  ///   - box: voxels of the moving lattice.
  ///   - moving: where that lattice lies.
  ///   - local: gives `u` over a box of fixed voxels, or `nil` for none; asked once, for all that the box needs.
  ///   - fixedExtent: voxels of the fixed lattice.
  ///   - tolerance: in fixed voxels.
  /// - Returns: positions in the fixed lattice, and the largest distance that remains inside it, in fixed voxels.
  /// - Complexity: O(voxels × iterations).
  public func inverseMapped(
    _ box: Box, in moving: PhysicalSpace, fixedExtent: Extent, tolerance: Double = inverseTolerance, local: (Box) throws -> SplineField?
  ) rethrows -> (mapped: MappedBox, largestResidual: Float) {
    guard let back = affine.inverse else { return (MappedBox(positions: VectorField(zeros: box.extent), base: [0, 0, 0]), .infinity) }
    // Start: the inverse of affine and coarse.
    let start = ComposedTransform(affine: .identity(rank: 3), coarse: coarseInverse, fixedSpace: Self.space(moving, through: back))
    var mapped = start.mapped(box, local: nil, to: fixedSpace)
    // Beyond the fixed lattice the displacement at its border goes on, as it does for points.
    let reach = mapped.bounds(margin: Self.inverseMargin).nearestPart(of: fixedExtent.box)
    let sampler = try local(reach).map(SplineSampler.init)
    // All in fixed voxels: T followed by the inverse of the affine map is x + u(x) + d(x + u(x)), and the target is the affine inverse of y.
    let nodes = coarse.map {
      CoarseNodes(
        $0, fixedSpace: fixedSpace, affine: .identity(rank: 3), moving: fixedSpace, around: reach,
        margin: Double(Self.inverseMargin))
    }
    let toFixed = AffineTransform.voxelMap(from: start.fixedSpace, through: .identity(rank: 3), to: fixedSpace)
    let columns = (0..<3).map { axis in SIMD3(toFixed.matrix[0][axis], toFixed.matrix[1][axis], toFixed.matrix[2][axis]) }
    let offset = SIMD3(toFixed.offset[0], toFixed.offset[1], toFixed.offset[2])
    let base = SIMD3(Double(mapped.base[0]), Double(mapped.base[1]), Double(mapped.base[2]))
    let bound = SIMD3(Double(fixedExtent[0]), Double(fixedExtent[1]), Double(fixedExtent[2]))
    var largest: Float = 0
    let search = InverseSearch(tolerance: tolerance, voxel: 1)
    func moved(_ place: SIMD3<Double>) -> SIMD3<Double> {
      let there = sampler.map { place + $0.displacement(at: place) } ?? place
      return nodes.map { there + SIMD3<Double>($0.interpolated(there).lowHalf3) } ?? there
    }
    let unknown = SIMD3<Double>(repeating: .nan)
    var i = 0
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        let row = columns[0] * Double(z) + columns[1] * Double(y) + offset
        var way = (previous: unknown, last: unknown)
        for column in box.lower[2]..<box.upper[2] {
          let target = row + columns[2] * Double(column)
          // Where the last two lead is mostly so near that nothing is left to search for.
          let start = way.last.isNaN ? base + mapped.positions.vector(at: i) : target + way.last + (way.last - way.previous)
          let (x, remaining) = search.place(mappedTo: target, from: start, by: moved)
          way = remaining <= tolerance ? (way.last.isNaN ? x - target : way.last, x - target) : (unknown, unknown)
          if all(x .>= SIMD3(repeating: 0)), all(x .<= bound) { largest = max(largest, Float(remaining)) }
          mapped.positions.z.elements[i] = Float(x[0] - base[0])
          mapped.positions.y.elements[i] = Float(x[1] - base[1])
          mapped.positions.x.elements[i] = Float(x[2] - base[2])
          i += 1
        }
      }
    }
    return (mapped, largest)
  }

  /// How near to its place a voxel is brought when a map is inverted box by box, in fixed voxels.
  public static let inverseTolerance = 0.01

  /// How far from where affine map and coarse warp come from a place is searched for, in fixed voxels.
  private static let inverseMargin = 32

  /// The lengths of what `inverseMapped` asks `local` for about a box of so many moving voxels, wherever it lies, in fixed voxels, as far as
  /// the affine map tells; `nil` where that has no inverse.
  public func inverseReach(of box: Extent, in moving: PhysicalSpace) -> [Int]? {
    affine.inverse.map { back in reach(of: box, in: moving, through: back).map { $0 + 2 * Self.inverseMargin } }
  }

  /// The lengths of `fixedPart` of a box of so many voxels of another lattice, wherever it lies.
  public func fixedReach(of box: Extent, in lattice: PhysicalSpace) -> [Int] { reach(of: box, in: lattice, through: .identity(rank: 3)) }

  private func reach(of box: Extent, in lattice: PhysicalSpace, through map: AffineTransform) -> [Int] {
    AffineTransform.voxelMap(from: lattice, through: map, to: fixedSpace).matrix.map { row in
      Int(min(zip(row, box.lengths).map { abs($0) * Double($1) }.reduce(0, +), 1e9).rounded(.up)) + 1
    }
  }

  /// The lattice of `moving` as seen through a map of the world.
  private static func space(_ moving: PhysicalSpace, through map: AffineTransform) -> PhysicalSpace {
    // A general affine map leaves no orthonormal direction; spacing 1 and the map's columns as direction serve `world(of:)` alike.
    let columns = AffineTransform.voxelMap(from: moving, through: map, to: PhysicalSpace(spacing: [1, 1, 1]))
    return PhysicalSpace(spacing: [1, 1, 1], origin: columns.offset, direction: columns.matrix, unit: moving.unit)
  }
}

extension VectorField {
  func vector(at i: Int) -> SIMD3<Double> { SIMD3(Double(z.elements[i]), Double(y.elements[i]), Double(x.elements[i])) }
}

extension SIMD4<Float> {
  var lowHalf3: SIMD3<Float> { SIMD3(self[0], self[1], self[2]) }
}

/// A spline field made ready to be asked at many scattered points.
package struct SplineSampler: Sendable {
  private let coefficients: [SIMD4<Float>]
  private let lower: SIMD3<Double>
  private let high: SIMD3<Double>
  private let first: SIMD3<Int>
  private let strides: SIMD3<Double>
  private let extent: SIMD3<Int>

  package init(_ field: SplineField) {
    let c = field.coefficients
    coefficients = (0..<c.z.count).map { SIMD4(c.z.elements[$0], c.y.elements[$0], c.x.elements[$0], 0) }
    let region = field.region
    func triple<Scalar>(_ value: (Int) -> Scalar) -> SIMD3<Scalar> { SIMD3(value(0), value(1), value(2)) }
    let flat = { (axis: Int) in field.lattice.extent[axis] == 1 }
    lower = triple { flat($0) ? 0 : Double(region.lower[$0] + 1) }
    high = triple { flat($0) ? 0 : Double(region.upper[$0] - 2) }
    first = triple { region.lower[$0] }
    strides = triple { Double(field.lattice.stride[$0]) }
    extent = triple { region.extent[$0] }
  }

  package func displacement(at position: SIMD3<Double>) -> SIMD3<Double> {
    let along = (position / strides).clamped(lowerBound: lower, upperBound: high)
    var sum = SIMD4<Float>(repeating: 0)
    let (startZ, wz) = taps(along[0], 0)
    let (startY, wy) = taps(along[1], 1)
    let (startX, wx) = taps(along[2], 2)
    let depth = extent[0] == 1 ? 1 : 4
    for i in 0..<depth {
      for j in 0..<4 where extent[1] > 1 || j == 0 {
        let row = ((startZ + i) * extent[1] + startY + j) * extent[2] + startX
        let weight = wz[i] * wy[j]
        var line = SIMD4<Float>(repeating: 0)
        for k in 0..<4 where extent[2] > 1 || k == 0 { line += coefficients[row + k] * wx[k] }
        sum += line * weight
      }
    }
    return SIMD3<Double>(sum.lowHalf3)
  }

  private func taps(_ along: Double, _ axis: Int) -> (Int, SIMD4<Float>) {
    if extent[axis] == 1 { return (0, SIMD4(1, 0, 0, 0)) }
    let cell = min(Int(along.rounded(.down)), Int(high[axis]) - 1)
    return (cell - 1 - first[axis], SIMD4<Float>(SplineLattice.weights(at: along - Double(cell))))
  }
}

extension SIMD3<Double> {
  fileprivate var isNaN: Bool { self[0].isNaN }
}
