// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Weft

/// Images against copies of themselves that were turned, scaled and moved at random: how often start and affine step find the way back.
///
/// `T` turns by up to 30° about a random axis, scales by 0.8 to 1.25 and shifts by up to 30 % of the extent along each axis; the copy has
/// the lattice of the image, so that much of it may be cut off. A start is found where the mean error over the foreground that is still
/// inside is below one voxel.
struct Starts {
  let image: Volume
  let foreground: Mask

  /// - Parameter longest: voxels that the longest axis has, where the image has as many.
  init(path: String, longest: Int) throws {
    let reduced = try Starts.reduced(StoredImage.open(path).volumes().finest, longest: longest)
    // Voxels of one unit, wherever the file puts them.
    image = Volume(voxels: reduced, space: PhysicalSpace(spacing: [1, 1, 1]))
    foreground = try Mask.tissue(of: image)
  }

  /// The image on an isotropic lattice: means of whole voxels as far as they go, then linear in between.
  private static func reduced(_ volume: LazyVolume, longest: Int) throws -> VoxelBuffer<Float> {
    guard volume.rank == 3 else {
      throw BenchmarkError("\(volume.name) is \(volume.rank)D", hint: "starts are measured on volumes")
    }
    let lengths = zip(volume.extent.lengths, volume.space.spacing).map { Double($0) * $1 }
    let target = max(lengths.max()! / Double(longest), volume.space.spacing.min()!)
    let mean = try volume.downsampled(by: volume.space.spacing.map { max(1, Int(target / $0)) }).load()
    let steps = mean.space.spacing.map { target / $0 }
    let extent = Extent(zip(mean.extent.lengths, steps).map { max(1, Int((Double($0) / $1).rounded())) })
    let diagonal = (0..<9).map { $0 % 4 == 0 ? steps[$0 / 4] : 0 }
    // The first voxel's corner stays where it is; what lies within half a voxel of the border takes the border's value.
    let map = LinearMap(matrix: diagonal, offset: steps.map { ($0 - 1) / 2 })
    let positions = mappedPositions(extent, displacement: nil, map: map, warp: nil, threads: 2)
    return resampledToHalfVoxel(mean.voxels, at: positions, threads: 2).values
  }

  struct Outcome {
    let error: Double
    let start: String
    let took: Seconds
  }

  func run(seed: UInt64) throws -> Outcome {
    let truth = transform(seed: seed)
    let copy = try moved(by: truth)
    let (found, took) = try Seconds.of {
      var initialiser = Initialiser()
      initialiser.threads = 2
      let start = try initialiser.initialise(fixed: image, moving: copy)
      var options = AffineOptions()
      options.threads = 2
      return (start.name, try registerAffine(fixed: image, moving: copy, initial: start.transform, options: options).transform)
    }
    return Outcome(error: error(of: found.1, truth), start: found.0, took: took)
  }

  /// Writes a start for other programs: both images, the foreground, and the truth in voxels.
  func write(seed: UInt64, into folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let truth = transform(seed: seed)
    try writeNIfTI(image, to: folder + "/fixed.nii")
    try writeNIfTI(moved(by: truth), to: folder + "/moving.nii")
    let inside = foreground.resampled(to: image.space, extent: image.extent)
    try writeNIfTI(Volume(voxels: inside.mapVoxels { Float($0) }, space: image.space), to: folder + "/foreground.nii")
    let text = "{\"matrix\": \(truth.matrix), \"offset\": \(truth.offset)}\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/truth.json"))
  }

  /// A random map of the fixed world to the moving one.
  func transform(seed: UInt64) -> Transforms.AffineTransform {
    var drawn: UInt64 = 0
    func uniform(_ range: ClosedRange<Double>) -> Double {
      defer { drawn += 1 }
      return range.lowerBound + (range.upperBound - range.lowerBound) * PlaceHash.uniform(drawn, seed: seed)
    }
    let lengths = zip(image.extent.lengths, image.space.spacing).map { Double($0) * $1 }
    let centre = zip(lengths, image.space.spacing).map { ($0 - $1) / 2 }
    // A direction that is uniform on the sphere: z uniform, then the angle about it.
    let z = uniform(-1...1)
    let around = uniform(0...(2 * Double.pi))
    let axis = [z, (1 - z * z).squareRoot() * sin(around), (1 - z * z).squareRoot() * cos(around)]
    let rotation = Rotations.about(axis, degrees: uniform(0...30))
    let scale = exp(uniform(log(0.8)...log(1.25)))
    let matrix = rotation.map { $0.map { scale * $0 } }
    let turned = (0..<3).map { r in (0..<3).reduce(0.0) { $0 + matrix[r][$1] * centre[$1] } }
    let offset = (0..<3).map { centre[$0] - turned[$0] + uniform(-0.3...0.3) * lengths[$0] }
    return Transforms.AffineTransform(matrix: matrix, offset: offset)
  }

  /// The copy: what lies at `x` in the image lies at `truth(x)` in it.
  func moved(by truth: Transforms.AffineTransform) throws -> Volume {
    let back = ComposedTransform(affine: truth.inverse!, coarse: nil, fixedSpace: image.space)
    var mapped = back.mapped(image.extent.box, local: nil, to: image.space)
    mapped.rebase(to: [0, 0, 0])
    let background = image.voxels.elements.min()!
    return Volume(voxels: Filtering.resampled(image.voxels, at: mapped.positions, outside: background).values, space: image.space)
  }

  private func error(of found: Transforms.AffineTransform, _ truth: Transforms.AffineTransform) -> Double {
    let inside = foreground.resampled(to: image.space, extent: image.extent)
    var sum = 0.0
    var count = 0.0
    for (i, voxel) in image.extent.box.indices.enumerated() where inside.elements[i] != 0 && i % 7 == 0 {
      let world = image.space.world(of: voxel.map(Double.init))
      let there = truth(world)
      let at = image.space.index(of: there)
      guard zip(at, image.extent.lengths).allSatisfy({ $0 >= 0 && $0 <= Double($1 - 1) }) else { continue }
      let here = found(world)
      sum += zip(here, there).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
      count += 1
    }
    return count > 0 ? sum / count : .infinity
  }
}
