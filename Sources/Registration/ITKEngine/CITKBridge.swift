// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Grids
internal import Transforms
internal import Volumes

extension CITKStatus {
  /// Throws what went wrong.
  func check(_ step: String) throws {
    guard !isSuccess else { return }
    var bytes = [CChar](repeating: 0, count: Int(CITK_MESSAGE_CAPACITY))
    var span = bytes.mutableSpan
    let length = citk_status_message(self, &span)
    let text = String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw RegistrationError(
      .engineFailure, "ITK stopped during the \(step): \(text)", hint: "check that the images overlap; a start or masks may help")
  }
}

extension CITKLattice {
  /// The lattice of an image of rank 2 or 3.
  init(_ space: PhysicalSpace, extent: Extent) {
    func three<Value>(_ values: [Value], _ rest: Value) -> (Value, Value, Value) {
      (values[0], values[1], values.count > 2 ? values[2] : rest)
    }
    let rows = space.direction.map { three($0, 0.0) }
    let (a, b, c) = three(rows, (0.0, 0.0, 1.0))
    self.init(
      rank: space.rank, extent: three(extent.lengths, 1), spacing: three(space.spacing, 1), origin: three(space.origin, 0),
      direction: (a.0, a.1, a.2, b.0, b.1, b.2, c.0, c.1, c.2))
  }
}

extension CITKAffineMap {
  /// A map of rank 2 or 3.
  init(_ transform: AffineTransform) {
    let m = transform.matrix.map { ($0[0], $0[1], $0.count > 2 ? $0[2] : 0) } + [(0, 0, 1)]
    self.init(
      matrix: (m[0].0, m[0].1, m[0].2, m[1].0, m[1].1, m[1].2, m[2].0, m[2].1, m[2].2),
      offset: (transform.offset[0], transform.offset[1], transform.rank > 2 ? transform.offset[2] : 0))
  }

  /// The map as Swift knows it.
  func transform(rank: Int) -> AffineTransform {
    let rows = [[matrix.0, matrix.1, matrix.2], [matrix.3, matrix.4, matrix.5], [matrix.6, matrix.7, matrix.8]]
    let offsets = [offset.0, offset.1, offset.2]
    return AffineTransform(matrix: rows.prefix(rank).map { Array($0.prefix(rank)) }, offset: Array(offsets.prefix(rank)))
  }
}

extension RegistrationMetric {
  /// ITK's metric for this one.
  var citk: CITKImageMetric {
    switch self {
    case .auto, .lncc: CITKImageMetricCorrelation
    case .mi: CITKImageMetricMutualInformation
    case .mse: CITKImageMetricMeanSquares
    }
  }
}

extension PreparedImage {
  /// The lattice as ITK takes it: two axes for 2D.
  var citkLattice: CITKLattice {
    let kept = 3 - rank
    let flat = PhysicalSpace(
      spacing: Array(space.spacing[kept...]), origin: Array(space.origin[kept...]),
      direction: space.direction[kept...].map { Array($0[kept...]) })
    return CITKLattice(flat, extent: Extent(Array(extent.lengths[kept...])))
  }

  /// The mask's voxels, none where every voxel counts.
  var citkMask: [UInt8] { mask.elements.contains(0) ? mask.elements : [] }
}
