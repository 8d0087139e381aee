// SPDX-License-Identifier: Apache-2.0

package import Grids
internal import Transforms
package import Volumes

/// One image of a phantom, made while it is read: any box, in any order, on any thread, always the same voxels.
package struct PhantomSource: VoxelSource {
  /// What an image shows.
  package enum Content: Sendable, Equatable {
    /// What a microscope sees: the scene, uneven light, noise.
    case light
    /// The label of the nucleus at each voxel, 0 for none.
    case labels
    /// 1 inside the organ, 0 outside.
    case organ
  }

  package let truth: PhantomTruth
  let scene: PhantomScene
  let content: Content
  /// Whether this is the fixed image, `scene(T(x))`; the moving one is `scene(y)`.
  let isFixed: Bool
  package let voxelType: VoxelType
  package let chunk: Extent
  private let illumination: Illumination

  package init(truth: PhantomTruth, content: Content, isFixed: Bool, voxelType: VoxelType, chunk: Extent) {
    self.truth = truth
    self.content = content
    self.isFixed = isFixed
    self.voxelType = voxelType
    self.chunk = chunk
    scene = truth.scene
    illumination = Illumination(seed: PlaceHash.mix(truth.seed &* 2 &+ (isFixed ? 1 : 0)), extent: truth.lifted)
  }

  package var extent: Extent { Extent(truth.shape) }

  package func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    read(box).converted(to: type)
  }

  /// Every content fits into 32 bits.
  func read(_ box: Box) -> VoxelBuffer<UInt32> {
    let flat = 3 - box.rank
    let lifted = Box(lower: [Int](repeating: 0, count: flat) + box.lower, upper: [Int](repeating: 1, count: flat) + box.upper)
    var result = VoxelBuffer<UInt32>(extent: lifted.extent)
    // Parts small enough that what the scene keeps for one stays small.
    for part in lifted.tiles(of: [64, 64, 64]) {
      let voxels = render(part)
      result.copy(from: voxels, box: voxels.extent.box, at: part.relative(to: lifted.lower).lower)
    }
    return result.reshaped(to: box.extent)
  }

  private func render(_ box: Box) -> VoxelBuffer<UInt32> {
    let places = Places(truth: truth, box: box, isFixed: isFixed)
    let part = scene.part(lower: places.lower, upper: places.upper)
    let positions = places.positions
    var voxels: [UInt32] = []
    voxels.reserveCapacity(box.count)
    switch content {
    case .labels: for place in positions { voxels.append(part.look(at: place).label) }
    case .organ: for place in positions { voxels.append(part.organ(at: place) > 0.5 ? 1 : 0) }
    case .light:
      for z in box[0] {
        for y in box[1] {
          for x in box[2] { voxels.append(seen(part.look(at: positions[voxels.count]).brightness, z, y, x)) }
        }
      }
    }
    return VoxelBuffer(extent: box.extent, elements: voxels)
  }

  /// What the camera counts: light that reaches the voxel, an offset, noise that grows with the light.
  private func seen(_ brightness: Float, _ z: Int, _ y: Int, _ x: Int) -> UInt32 {
    let light = (brightness + 0.012) * illumination.gain(z, y, x)
    let noise = PlaceHash.normal(PlaceHash.at(z, y, x, seed: illumination.seed))
    let value = light + noise * (0.00012 + 0.0016 * light).squareRoot()
    // The full range of the format is about twice what most nuclei reach.
    let (offset, scale, most): (Float, Float, Float) = voxelType == .uint8 ? (8, 130, 255) : (110, 6000, 65535)
    return UInt32(min(max((offset + scale * value).rounded(.toNearestOrEven), 0), most))
  }
}

/// Where in the scene the voxels of a box lie.
private struct Places {
  let positions: [SIMD3<Double>]
  var lower = SIMD3<Double>(repeating: .infinity)
  var upper = SIMD3<Double>(repeating: -.infinity)

  init(truth: PhantomTruth, box: Box, isFixed: Bool) {
    let size = truth.voxelSize
    let fields = isFixed ? truth.fields.map { $0.part(for: box).dense(over: box) } : []
    let m = truth.affine.matrix.map { SIMD3($0[0], $0[1], $0[2]) }
    let offset = SIMD3(truth.affine.offset[0], truth.affine.offset[1], truth.affine.offset[2])
    var positions: [SIMD3<Double>] = []
    positions.reserveCapacity(box.count)
    var at = 0
    for z in box[0] {
      for y in box[1] {
        for x in box[2] {
          var place = SIMD3(Double(z), Double(y), Double(x))
          if isFixed {
            var moved = SIMD3((m[0] * place).sum(), (m[1] * place).sum(), (m[2] * place).sum()) + offset
            for field in fields { moved += SIMD3(Double(field.z.elements[at]), Double(field.y.elements[at]), Double(field.x.elements[at])) }
            place = moved
          }
          place *= size
          lower = pointwiseMin(lower, place)
          upper = pointwiseMax(upper, place)
          positions.append(place)
          at += 1
        }
      }
    }
    self.positions = positions
  }
}

extension SplineField {
  /// The same field, holding only the control points of `box`.
  fileprivate func part(for box: Box) -> SplineField {
    let needed = lattice.controlPoints(for: box)
    let inside = needed.relative(to: region.lower)
    return SplineField(
      lattice: lattice, region: needed,
      coefficients: VectorField(
        z: coefficients.z.cropped(to: inside), y: coefficients.y.cropped(to: inside), x: coefficients.x.cropped(to: inside)))
  }
}

/// Light that is stronger in some parts of the volume than in others, slowly.
private struct Illumination: Sendable {
  let seed: UInt64
  private let profiles: [[Float]]

  init(seed: UInt64, extent: Extent) {
    self.seed = seed
    var numbers = CountedNumbers(seed: seed)
    profiles = extent.lengths.map { length in
      let slope = Float(0.18 * numbers.signed())
      let bend = Float(0.22 * numbers.signed())
      let middle = Float(0.4 * numbers.signed())
      return (0..<length).map { voxel in
        let t = length > 1 ? 2 * Float(voxel) / Float(length - 1) - 1 : 0
        return 1 + slope * t + bend * ((t - middle) * (t - middle) - 0.4)
      }
    }
  }

  func gain(_ z: Int, _ y: Int, _ x: Int) -> Float { (profiles[0][z] * profiles[1][y]) * profiles[2][x] }
}
