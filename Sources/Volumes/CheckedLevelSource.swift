// SPDX-License-Identifier: Apache-2.0

public import Grids
internal import Synchronization

/// A coarser level of a foreign pyramid, read only where it shows what the mean of the finest level shows; else that mean, computed.
///
/// What metadata say of a level is often not what its voxels are: levels made by taking each second voxel lie half a voxel off, whatever their
/// translation. So before the first read, one place of the level is compared with the mean there: it has to be the same picture
/// (correlation of 0.9), shifted by less than a tenth of its voxels.
public final class CheckedLevelSource: VoxelSource {
  private let level: any VoxelSource
  private let mean: any VoxelSource
  private let factors: [Int]
  private let isTrusted = Mutex<Bool?>(nil)

  /// - Parameters:
  ///   - level: voxels that are said to be means of `finest`.
  ///   - finest: the finest level.
  ///   - factors: voxels of `finest` an axis that one voxel of `level` is the mean of.
  public init(level: any VoxelSource, finest: any VoxelSource, factors: [Int]) {
    self.level = level
    mean = CroppedSource(base: MeanDownsampledSource(base: finest, factors: factors), box: level.extent.box)
    self.factors = factors
  }

  public var extent: Extent { level.extent }
  public var voxelType: VoxelType { level.voxelType }
  public var chunk: Extent { level.chunk }
  public var residentFiles: [ResidentFile] { level.residentFiles + mean.residentFiles }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    let trusted = try isTrusted.withLock { known in
      let answer = try known ?? agrees()
      known = answer
      return answer
    }
    return try (trusted ? level : mean).read(box, as: type)
  }

  /// Whether the level shows what the mean shows, at that of 27 places where the level varies most; where it varies nowhere, it does.
  private func agrees() throws -> Bool {
    let size = Extent(zip(extent.lengths, factors).map { length, factor in min(length, max(4, min(16, 128 / factor))) })
    var best: (box: Box, variance: Double)?
    for place in Extent(extent.lengths.map { $0 > 4 ? 3 : 1 }).box.indices {
      let lower = place.indices.map { axis in max(0, (extent[axis] - size[axis]) * (place[axis] + 1) / 4) }
      let box = Box(lower: lower, extent: size)
      let variance = Self.variance(try level.read(box, as: Float.self).elements)
      if variance > best?.variance ?? 0 { best = (box, variance) }
    }
    guard let box = best?.box else { return true }
    return Self.agree(try level.read(box, as: Float.self), try mean.read(box, as: Float.self))
  }

  private static func variance(_ values: [Float]) -> Double {
    let values = values.lazy.filter(\.isFinite).map(Double.init)
    let (count, sum, squares) = values.reduce(into: (0.0, 0.0, 0.0)) { $0 = ($0.0 + 1, $0.1 + $1, $0.2 + $1 * $1) }
    return count > 0 ? squares / count - sum / count * sum / count : 0
  }

  /// Fits `level = a + b·mean + Σ sᵢ ∂ᵢmean` by least squares; `sᵢ / b` is the shift along axis i, in voxels.
  private static func agree(_ level: VoxelBuffer<Float>, _ mean: VoxelBuffer<Float>) -> Bool {
    let extent = mean.extent
    let axes = (0..<extent.rank).filter { extent[$0] >= 3 }
    let inner = Box(
      lower: (0..<extent.rank).map { extent[$0] >= 3 ? 1 : 0 },
      upper: (0..<extent.rank).map { extent[$0] >= 3 ? extent[$0] - 1 : extent[$0] })
    let strides = extent.strides
    var rows: [[Double]] = []
    for index in inner.indices {
      let at = zip(index, strides).map(*).reduce(0, +)
      let slopes = axes.map { (mean.elements[at + strides[$0]] - mean.elements[at - strides[$0]]) / 2 }
      let row = ([mean.elements[at]] + slopes + [level.elements[at]]).map(Double.init)
      if row.allSatisfy(\.isFinite) { rows.append(row) }
    }
    guard rows.count > 8 else { return true }
    let columns = rows[0].count
    let middle = (0..<columns).map { column in rows.reduce(0) { $0 + $1[column] } / Double(rows.count) }
    var products = [[Double]](repeating: [Double](repeating: 0, count: columns), count: columns)
    for row in rows {
      for i in 0..<columns { for j in 0..<columns { products[i][j] += (row[i] - middle[i]) * (row[j] - middle[j]) } }
    }
    let (unknowns, target) = (0..<columns - 1, columns - 1)
    // Gauss-Seidel: the matrix of a least-squares problem is symmetric and not negative.
    var fit = [Double](repeating: 0, count: columns - 1)
    for _ in 0..<200 {
      for i in unknowns where products[i][i] > 0 {
        let others = unknowns.reduce(0) { $1 == i ? $0 : $0 + products[i][$1] * fit[$1] }
        fit[i] = (products[i][target] - others) / products[i][i]
      }
    }
    let explained = unknowns.reduce(0) { $0 + fit[$1] * products[$1][target] } / products[target][target]
    return fit[0] > 0 && explained >= 0.81 && fit.dropFirst().allSatisfy { abs($0 / fit[0]) < 0.1 }
  }
}
