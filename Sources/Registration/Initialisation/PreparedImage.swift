// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// An image made ready for whole-image steps: intensities from 0 to 1 between robust bounds, and a mask of the voxels that count.
///
/// Always of rank 3; 2D is one plane at z = 0.
struct PreparedImage {
  var values: VoxelBuffer<Float>
  /// 1 where the voxel counts, 0 where it is masked out or not a number.
  var mask: VoxelBuffer<UInt8>
  var space: PhysicalSpace
  /// Axes of the image this came from.
  let rank: Int

  var extent: Extent { values.extent }

  /// Normalises an image: not-a-numbers are masked out, values clipped to their 0.1 and 99.9 percentiles and scaled to 0…1.
  ///
  /// `role` names the image in errors. Throws where the image, or what the mask leaves of it, has no contrast.
  init(_ volume: Volume, mask: Mask?, role: String) throws {
    rank = volume.space.rank
    guard rank == 2 || rank == 3 else {
      throw RegistrationError(
        .rankMismatch, "the \(role) image has \(rank) axes, not 2 or 3", hint: "select a channel or a time point first")
    }
    if let mask, mask.space.rank != rank {
      throw RegistrationError(
        .rankMismatch, "the \(role) mask has \(mask.space.rank) axes, its image \(rank)", hint: "give a mask of the same rank")
    }
    try Self.requireUsable(volume.space, role: role)
    if let mask { try Self.requireUsable(mask.space, role: "\(role) mask's") }
    space = volume.space.threeAxisForm
    let extent = volume.extent.threeAxisForm
    var valid =
      mask?.resampled(to: volume.space, extent: volume.extent).reshaped(to: extent)
      ?? VoxelBuffer<UInt8>(extent: extent, repeating: 1)
    let hasMask = mask != nil && valid.elements.contains(0)
    if mask != nil, !valid.elements.contains(1) {
      throw RegistrationError(
        .noOverlap, "the \(role) mask leaves nothing of the \(role) image",
        hint: "check that mask and image lie in the same place: spacing, origin and direction")
    }
    for i in 0..<valid.count where !volume.voxels.elements[i].isFinite { valid.elements[i] = 0 }
    guard let (lowest, highest) = Self.bounds(volume.voxels.elements, valid.elements) else {
      throw RegistrationError(.constantImage, "the \(role) image holds no numbers", hint: "it is all NaN or infinite; check the input")
    }
    guard highest > lowest else {
      let inside = hasMask ? " inside its mask" : ""
      throw RegistrationError(
        .constantImage, "the \(role) image is constant\(inside): every voxel is \(lowest)",
        hint: "check the path, the channel and the level; nothing can be aligned without contrast")
    }
    // In double precision, in which no range of single precision overflows.
    let bottom = Double(lowest)
    let scale = 1 / (Double(highest) - bottom)
    let source = volume.voxels.elements
    values = VoxelBuffer(
      extent: extent, elements: source.map { $0.isFinite ? Float(min(max((Double($0) - bottom) * scale, 0), 1)) : 0 })
    self.mask = valid
    cropToWhatCounts()
  }

  /// The part of the lattice that holds all that counts, of 8 voxels along an axis at least where there are so many: what is masked at the
  /// border is as if it had been cut off.
  private mutating func cropToWhatCounts() {
    var (lower, upper) = (extent.lengths, [0, 0, 0])
    var offset = 0
    for z in 0..<extent[0] {
      for y in 0..<extent[1] {
        let row = mask.elements[offset..<offset + extent[2]]
        offset += extent[2]
        guard let first = row.firstIndex(where: { $0 != 0 }), let last = row.lastIndex(where: { $0 != 0 }) else { continue }
        for (axis, (low, high)) in [(z, z), (y, y), (first - row.startIndex, last - row.startIndex)].enumerated() {
          (lower[axis], upper[axis]) = (min(lower[axis], low), max(upper[axis], high + 1))
        }
      }
    }
    for axis in 0..<3 {
      upper[axis] = min(extent[axis], max(upper[axis], lower[axis] + 8))
      lower[axis] = max(0, min(lower[axis], upper[axis] - 8))
    }
    let box = Box(lower: lower, upper: upper)
    if box == extent.box { return }
    (values, mask, space) = (values.cropped(to: box), mask.cropped(to: box), space.cropped(at: lower))
  }

  /// An image from parts.
  init(values: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>, space: PhysicalSpace, rank: Int) {
    self.values = values
    self.mask = mask
    self.space = space
    self.rank = rank
  }

  /// Throws where a lattice cannot be computed with.
  private static func requireUsable(_ space: PhysicalSpace, role: String) throws {
    let placement = AffineTransform(matrix: space.direction, offset: space.origin)
    let isUsable =
      space.spacing.allSatisfy { $0.isFinite && $0 > 0 } && space.origin.allSatisfy(\.isFinite)
      && placement.determinant.isFinite && abs(placement.determinant) > 1e-6
    guard isUsable else {
      throw RegistrationError(
        .invalidOption, "the \(role) image lies nowhere: spacing \(space.spacing), origin \(space.origin), direction \(space.direction)",
        hint: "spacings are above zero and directions are not parallel; correct the header or give the spacing")
    }
  }

  /// Robust bounds of the valid values from a regular sample of about a million; the true bounds where the robust ones coincide.
  static func bounds(_ values: [Float], _ valid: [UInt8]) -> (Float, Float)? {
    // A step that shares no factor with usual extents, so that the sample is no plane of the lattice.
    let step = values.count <= 1 << 20 ? 1 : (values.count >> 20) | 1
    var sample: [Float] = []
    for i in stride(from: 0, to: values.count, by: step) where valid[i] != 0 { sample.append(values[i]) }
    sample.sort()
    if sample.count > 1 {
      let low = sample[Int(0.001 * Double(sample.count - 1))]
      let high = sample[Int((0.999 * Double(sample.count - 1)).rounded(.up))]
      if high > low { return (low, high) }
    }
    var bounds: (Float, Float)?
    for i in 0..<values.count where valid[i] != 0 {
      bounds = bounds.map { (min($0.0, values[i]), max($0.1, values[i])) } ?? (values[i], values[i])
    }
    return bounds
  }

  /// Voxels that count.
  var validCount: Int { mask.elements.reduce(0) { $0 + Int($1) } }

  /// The volume of one voxel, in world units cubed (squared in 2D).
  var voxelVolume: Double { space.spacing.suffix(rank).reduce(1, *) }

  /// The median of the valid values on the faces of the lattice: the background, where the object does not fill the image.
  var borderMedian: Float {
    var values: [Float] = []
    let axes = (3 - rank)..<3
    var offset = 0
    for z in 0..<extent[0] {
      for y in 0..<extent[1] {
        for x in 0..<extent[2] {
          let index = [z, y, x]
          if mask.elements[offset] != 0, axes.contains(where: { index[$0] == 0 || index[$0] == extent[$0] - 1 }) {
            values.append(self.values.elements[offset])
          }
          offset += 1
        }
      }
    }
    if values.isEmpty { return 0 }
    values.sort()
    return values[values.count / 2]
  }
}
