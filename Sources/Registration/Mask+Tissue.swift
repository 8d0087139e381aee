// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
public import Volumes

extension Mask {
  /// The part of an image that holds tissue, on a coarse lattice of about 250,000 voxels (60,000 in 2D).
  ///
  /// The image is smoothed; the threshold is Otsu's on square roots of the distance from the background, so that dim tissue beside bright
  /// spots counts. The background is dark, or white where the border of the image is bright (brightfield sections). Gaps are closed, holes
  /// filled, and pieces under a twentieth of the largest dropped. Voxels that are no numbers are no tissue.
  ///
  /// - Returns: everything, where tissue and background cannot be told apart: an image that tissue fills.
  /// - Throws: `RegistrationError` where the image is constant.
  public static func tissue(of volume: Volume) throws -> Mask {
    if volume.space.rank == 3, volume.extent[0] == 1 {
      var plane = try tissue(of: Volume(voxels: volume.voxels.droppingFirstAxis, space: volume.space.droppingFirstAxis))
      let flat = plane.space
      plane.space = volume.space
      plane.space.spacing = [volume.space.spacing[0]] + flat.spacing
      plane.space.origin = volume.space.world(of: [0] + volume.space.droppingFirstAxis.index(of: flat.origin))
      return Mask(voxels: plane.voxels.reshaped(to: Extent([1] + plane.voxels.extent.lengths)), space: plane.space)
    }
    let image = try PreparedImage(volume, mask: nil, role: "masked")
    let budget = image.rank == 2 ? 60_000.0 : 250_000
    let spacing = pow(Double(image.extent.count) * image.voxelVolume / budget, 1 / Double(image.rank))
    let coarse = image.coarsened(toSpacing: spacing).smoothed(voxels: 2)
    let background = coarse.backgroundLevel
    let distances = zip(coarse.values.elements, coarse.mask.elements).map { value, valid in
      valid == 0 ? 0 : max(0, background.isBright ? background.level - value : value - background.level).squareRoot()
    }
    var tissue = BinaryVolume(extent: coarse.extent, isInside: otsuMembers(of: distances))
    tissue.close(radius: 2)
    tissue.dropSmallPieces(below: 0.05)
    tissue.fillHoles()
    let isEmpty = !tissue.isInside.contains(true)
    let voxels = VoxelBuffer<UInt8>(extent: coarse.extent, elements: tissue.isInside.map { $0 || isEmpty ? 1 : 0 })
    let kept = 3 - image.rank
    return Mask(
      voxels: voxels.reshaped(to: Extent(Array(coarse.extent.lengths[kept...]))),
      space: PhysicalSpace(
        spacing: Array(coarse.space.spacing[kept...]), origin: Array(coarse.space.origin[kept...]),
        direction: coarse.space.direction[kept...].map { Array($0[kept...]) }, unit: volume.space.unit))
  }

  /// Which values lie above Otsu's threshold (1979; 256 bins).
  private static func otsuMembers(of values: [Float]) -> [Bool] {
    let top = values.max() ?? 0
    guard top > 0 else { return [Bool](repeating: false, count: values.count) }
    var histogram = [Double](repeating: 0, count: 256)
    for value in values { histogram[min(255, Int(value / top * 256))] += 1 }
    let total = Double(values.count)
    let mean = histogram.indices.reduce(0.0) { $0 + Double($1) * histogram[$1] } / total
    var (weight, sum, best, threshold) = (0.0, 0.0, -1.0, 0)
    for bin in 0..<255 {
      weight += histogram[bin] / total
      sum += Double(bin) * histogram[bin] / total
      guard weight > 0, weight < 1 else { continue }
      let between = (mean * weight - sum) * (mean * weight - sum) / (weight * (1 - weight))
      if between > best { (best, threshold) = (between, bin) }
    }
    return values.map { Int($0 / top * 256) > threshold }
  }
}

extension PreparedImage {
  /// What the image is where there is nothing: the border's level where that is bright, else a low percentile.
  fileprivate var backgroundLevel: (level: Float, isBright: Bool) {
    let border = borderMedian
    let valid = zip(values.elements, mask.elements).filter { $0.1 != 0 }.map(\.0).sorted()
    guard let last = valid.last else { return (0, false) }
    let median = valid[valid.count / 2]
    // Brightfield: the border is nearly as bright as anything, and no darker than most of the image.
    if border > 0.75 * last, border >= median { return (border, true) }
    return (min(border, valid[valid.count / 50]), false)
  }
}

extension VoxelBuffer {
  fileprivate var droppingFirstAxis: VoxelBuffer { reshaped(to: Extent(Array(extent.lengths[1...]))) }
}

extension PhysicalSpace {
  fileprivate var droppingFirstAxis: PhysicalSpace {
    PhysicalSpace(
      spacing: Array(spacing[1...]), origin: Array(origin[1...]), direction: direction[1...].map { Array($0[1...]) }, unit: unit)
  }
}
