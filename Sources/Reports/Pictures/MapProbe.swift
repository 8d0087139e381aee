// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Pipelines
internal import Transforms
internal import Volumes

/// What a finished map does at chosen places of the fixed region, beyond its affine part: `d(x) = coarse(x + u(x)) − x`.
///
/// All in voxels of the fixed region. The affine part acts after it, so that determinants here are those of the whole map relative to the
/// affine one, as in `run.json`.
struct MapProbe: Sendable {
  private let transforms: TransformFolder
  private let warp: WarpNodes?

  /// Fixed voxels a side whose local field is held at once.
  private static let mostVoxels = 1024

  /// - Returns: `nil` where the map is affine and nothing else.
  /// - Throws: `PipelineError` where the field is damaged.
  init?(_ transforms: TransformFolder) throws {
    let corner = Box(lower: [0, 0, 0], upper: [1, 1, 1])
    guard try transforms.transform.coarse != nil || transforms.local(over: corner) != nil else { return nil }
    self.transforms = transforms
    warp = transforms.transform.coarse.map { WarpNodes($0, of: transforms.transform.fixedSpace) }
  }

  /// What was found on a plane.
  struct Sheet: Sendable {
    let plane: ViewPlane
    /// Displacement of each pixel's middle along z, y, x, in voxels.
    var displacement: [SIMD3<Float>]
    /// Determinant of the Jacobian at each pixel's middle, by differences over the voxels around it.
    var determinant: [Float]
  }

  /// Measures a plane, part by part.
  ///
  /// - Throws: `PipelineError` where the field is damaged.
  func sheet(on plane: ViewPlane) throws -> Sheet {
    let count = plane.box.count
    var sheet = Sheet(
      plane: plane, displacement: [SIMD3<Float>](repeating: .zero, count: count), determinant: [Float](repeating: 1, count: count))
    let tile = Extent(plane.view.factors.map { max(1, Self.mostVoxels / $0) })
    for box in plane.box.tiles(of: tile) {
      try Task.checkCancellation()
      let (displacement, determinant) = try measure(box, plane.view)
      let (rows, columns) = (box.extent[plane.rowAxis], box.extent[plane.columnAxis])
      let top = box.lower[plane.rowAxis] - plane.box.lower[plane.rowAxis]
      let left = box.lower[plane.columnAxis] - plane.box.lower[plane.columnAxis]
      for row in 0..<rows {
        let target = (top + row) * plane.width + left
        for column in 0..<columns {
          sheet.displacement[target + column] = displacement[row * columns + column]
          sheet.determinant[target + column] = determinant[row * columns + column]
        }
      }
    }
    return sheet
  }

  private func measure(_ box: Box, _ view: ViewLattice) throws -> ([SIMD3<Float>], [Float]) {
    let extent = transforms.fixedExtent
    let places: [[Double]] = (0..<3).map { axis in
      box[axis].map { min((Double($0) + 0.5) * Double(view.factors[axis]) - 0.5, Double(extent[axis] - 1)) }
    }
    let reach = Box(
      lower: (0..<3).map { max(0, Int(places[$0][0]) - 1) },
      upper: (0..<3).map { min(extent[$0], Int(places[$0][places[$0].count - 1].rounded(.up)) + 2) })
    let field = try transforms.local(over: reach)
    func displacement(_ places: [[Double]]) -> [SIMD3<Float>] {
      let local = field?.displacements(along: places)
      var result: [SIMD3<Float>] = []
      result.reserveCapacity(box.count)
      var i = 0
      for z in places[0] {
        for y in places[1] {
          for x in places[2] {
            let u = local.map { SIMD3($0.z.elements[i], $0.y.elements[i], $0.x.elements[i]) } ?? .zero
            let more = warp?.displacement(at: SIMD3(z, y, x) + SIMD3<Double>(u)) ?? .zero
            result.append(u + more)
            i += 1
          }
        }
      }
      return result
    }
    let here = displacement(places)
    var columns = [[SIMD3<Float>]](repeating: [], count: 3)
    for axis in 0..<3 where extent[axis] > 1 {
      var (low, high) = (places, places)
      low[axis] = places[axis].map { max($0 - 1, 0) }
      high[axis] = places[axis].map { min($0 + 1, Double(extent[axis] - 1)) }
      let (before, after) = (displacement(low), displacement(high))
      let inner = box.extent.lengths[(axis + 1)...].reduce(1, *)
      let steps = zip(low[axis], high[axis]).map { Float($1 - $0) }
      columns[axis] = here.indices.map { i in (after[i] - before[i]) / steps[i / inner % steps.count] }
    }
    let determinants = here.indices.map { i in
      func column(_ axis: Int) -> SIMD3<Float> {
        var value = columns[axis].isEmpty ? SIMD3<Float>.zero : columns[axis][i]
        value[axis] += 1
        return value
      }
      let (a, b, c) = (column(0), column(1), column(2))
      return a.x * (b.y * c.z - b.z * c.y) - b.x * (a.y * c.z - a.z * c.y) + c.x * (a.y * b.z - a.z * b.y)
    }
    return (here, determinants)
  }
}
