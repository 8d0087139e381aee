// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
package import Volumes

extension PhantomTruth {
  /// The transform of a phantom: turned by up to 3° an axis, scaled and sheared by up to 2 %, shifted by up to 1/64 of the longest axis,
  /// bent smoothly by up to `displacement` voxels and, on a finer lattice, by up to a fifth of that and at most 4.
  ///
  /// - Parameters:
  ///   - displacement: the largest smooth displacement, in voxels; `nil` takes a twenty-fifth of the longest axis.
  ///   - contents: what the images show.
  /// - Throws: `PipelineError` where the displacement folds space somewhere.
  package init(
    seed: UInt64, shape: [Int], spacing: [Double], unit: LengthUnit, displacement: Double?,
    contents: PhantomContents = .tissue
  ) throws {
    var numbers = CountedNumbers(seed: PlaceHash.mix(seed ^ 0x7472_7574_68))
    let isFlat = shape.count == 2
    let lifted = Extent([Int](repeating: 1, count: 3 - shape.count) + shape)
    let longest = Double(shape.max() ?? 1)
    let amplitude = displacement ?? longest / 25
    let usualStride = max(8, Int((longest / 4).rounded()))
    // A displacement far above the usual bends over up to twice the way, so that it does not fold.
    let coarseStride = max(usualStride, Int((longest / 4 * min(2, amplitude * 40 / longest - 1)).rounded()))
    let fineStride = max(6, min(64, usualStride * 3 / 8))
    let sizes = spacing.map { $0 / (spacing.min() ?? 1) }
    self.shape = shape
    self.spacing = spacing
    self.unit = unit
    self.seed = seed
    self.contents = contents
    affine = Self.randomAffine(
      &numbers, extent: lifted, voxelSize: [Double](repeating: 1, count: 3 - sizes.count) + sizes, shift: longest / 64, isFlat: isFlat)
    let fineAmplitude = min(amplitude / 5, Double(fineStride) / 12, 4)
    fields = [
      Self.randomField(&numbers, extent: lifted, stride: coarseStride, amplitude: amplitude),
      Self.randomField(&numbers, extent: lifted, stride: fineStride, amplitude: fineAmplitude),
    ]
    let least = leastJacobian()
    if least < 0.2 {
      throw PipelineError(
        "a displacement of \(amplitude) voxels folds a phantom of \(Extent(shape)) (its smallest Jacobian determinant is \(least))",
        hint: "ask for a smaller --displacement; \(longest / 25) is the default for this size")
    }
  }

  private static func randomAffine(
    _ numbers: inout CountedNumbers, extent: Extent, voxelSize: [Double], shift: Double, isFlat: Bool
  ) -> AffineTransform {
    func zeros() -> [Double] { [0, 0, 0] }
    var matrix = AffineTransform.identity(rank: 3)
    for plane in [(1, 2), (0, 2), (0, 1)] {
      // A rotation by the Cayley form: tan(angle / 2) up to that of 1.5°.
      let half = 0.0262 * numbers.signed()
      if isFlat && plane != (1, 2) { continue }
      let (cosine, sine) = ((1 - half * half) / (1 + half * half), 2 * half / (1 + half * half))
      var rotation = AffineTransform.identity(rank: 3)
      rotation.matrix[plane.0][plane.0] = cosine
      rotation.matrix[plane.1][plane.1] = cosine
      rotation.matrix[plane.0][plane.1] = -sine
      rotation.matrix[plane.1][plane.0] = sine
      matrix = rotation.after(matrix)
    }
    var stretch = AffineTransform.identity(rank: 3)
    for row in 0..<3 {
      for column in row..<3 {
        let value = numbers.signed() * (row == column ? 0.02 : 0.01)
        if !(isFlat && row == 0) { stretch.matrix[row][column] += value }
      }
    }
    matrix = matrix.after(stretch)
    // From scene units to voxels.
    for row in 0..<3 {
      for column in 0..<3 { matrix.matrix[row][column] *= voxelSize[column] / voxelSize[row] }
    }
    let centre = extent.lengths.map { (Double($0) - 1) / 2 }
    let turned = matrix(centre)
    matrix.offset = (0..<3).map { axis in
      let move = numbers.signed() * shift / voxelSize[axis]
      return centre[axis] - turned[axis] + (isFlat && axis == 0 ? 0 : move)
    }
    return matrix
  }

  /// Random control points, scaled so that the longest displacement at a control point is `amplitude`.
  private static func randomField(_ numbers: inout CountedNumbers, extent: Extent, stride: Int, amplitude: Double) -> SplineField {
    let lattice = SplineLattice(extent: extent, stride: stride)
    var field = SplineField(zeros: lattice, region: lattice.box)
    for axis in 0..<3 where extent[axis] > 1 {
      field.coefficients[axis] = VoxelBuffer(
        extent: lattice.box.extent, elements: (0..<lattice.box.count).map { _ in Float(numbers.signed()) })
    }
    var longest = 0.0
    for point in Self.samples(of: lattice) {
      longest = max(longest, field.displacement(at: point).map { $0 * $0 }.reduce(0, +).squareRoot())
    }
    let scale = longest > 0 ? amplitude / longest : 0
    for axis in 0..<3 {
      // Few digits, so that the file stays short; a power of two, so that nothing is lost on the way.
      let rounded = field.coefficients[axis].elements.map { (Float(scale) * $0 * 1024).rounded() / 1024 }
      field.coefficients[axis] = VoxelBuffer(extent: lattice.box.extent, elements: rounded)
    }
    return field
  }

  /// The smallest Jacobian determinant at the points between control points of the finest field.
  private func leastJacobian() -> Double {
    guard let lattice = fields.last?.lattice else { return 1 }
    var least = Double.infinity
    for point in Self.samples(of: lattice) {
      var columns: [[Double]] = []
      for axis in 0..<3 {
        if lattice.extent[axis] == 1 {
          columns.append([0, 0, 0])
          columns[axis][axis] = 1
          continue
        }
        var (low, high) = (point, point)
        low[axis] -= 0.5
        high[axis] += 0.5
        columns.append(zip(map(high), map(low)).map(-))
      }
      least = min(least, AffineTransform(matrix: columns, offset: [0, 0, 0]).determinant)
    }
    return least
  }

  /// Points two to a control interval along each axis, where there are few; one, where there are many.
  private static func samples(of lattice: SplineLattice) -> some Sequence<[Double]> {
    let density = lattice.box.count < 20_000 ? 2 : 1
    let counts = (0..<3).map { lattice.extent[$0] == 1 ? 1 : (lattice.extent[$0] - 1) * density / lattice.stride[$0] + 1 }
    return Extent(counts).box.indices.lazy.map { index in
      zip(index, lattice.stride).map { Double($0 * $1) / Double(density) }
    }
  }
}

/// Random numbers in a row.
struct CountedNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// The next number in -1 ..< 1.
  mutating func signed() -> Double {
    state = PlaceHash.mix(state)
    return 2 * PlaceHash.unit(state) - 1
  }
}
