// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Pipelines
import Registration
import Transforms
import Volumes

/// Images against copies of themselves that were turned, scaled and moved at random: how often start and affine step find the way back.
///
/// `T` turns by up to 30° about a random axis, scales by 0.8 to 1.25 and shifts by up to 30 % of the extent along each axis; the copy has
/// the lattice of the image, so that much of it may be cut off. A start is found where the mean error over the foreground that is still
/// inside is below one voxel.
struct Starts {
  let image: Volume
  let foreground: Mask

  /// - Parameter longest: voxels that the longest axis has at the most.
  init(path: String, longest: Int) throws {
    let finest = try StoredImage.open(path).volumes().finest
    let factor = (finest.extent.lengths.max()! + longest - 1) / longest
    let coarse = try finest.downsampled(by: finest.extent.lengths.map { _ in factor }).load()
    // Voxels of one unit, wherever the file puts them.
    image = Volume(voxels: coarse.voxels, space: PhysicalSpace(spacing: coarse.space.spacing.map { $0 / coarse.space.spacing.min()! }))
    foreground = try Mask.tissue(of: image)
  }

  struct Outcome {
    let error: Double
    let start: String
    let seconds: Double
  }

  func run(seed: UInt64) throws -> Outcome {
    let truth = transform(seed: seed)
    let began = ContinuousClock.now
    let copy = try moved(by: truth)
    let start = try initialise(fixed: image, moving: copy)
    let found = try registerAffine(fixed: image, moving: copy, initial: start.transform)
    return Outcome(error: error(of: found.transform, truth), start: start.name, seconds: (ContinuousClock.now - began) / .seconds(1))
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
    let finest = image.space.spacing.min()!
    var sum = 0.0
    var count = 0.0
    for (i, voxel) in image.extent.box.indices.enumerated() where inside.elements[i] != 0 && i % 7 == 0 {
      let world = image.space.world(of: voxel.map(Double.init))
      let there = truth(world)
      let at = image.space.index(of: there)
      guard zip(at, image.extent.lengths).allSatisfy({ $0 >= 0 && $0 <= Double($1 - 1) }) else { continue }
      let here = found(world)
      sum += zip(here, there).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot() / finest
      count += 1
    }
    return count > 0 ? sum / count : .infinity
  }
}

/// Runs `count` starts of each image, and prints those that were missed and how many were found.
func measureStarts(_ paths: [String], count: Int) throws {
  for path in paths {
    let starts = try Starts(path: path, longest: 112)
    say("\(path): \(starts.image.extent) voxels")
    var found = 0
    var seconds: [Double] = []
    for seed in 1...count {
      let outcome = try starts.run(seed: UInt64(seed))
      seconds.append(outcome.seconds)
      if outcome.error < 1 {
        found += 1
      } else {
        say("  start \(seed) missed by \(String(format: "%.1f", outcome.error)) voxels (\(outcome.start))")
      }
    }
    say(String(format: "  %d of %d found; median %.2f s", found, count, seconds.sorted()[count / 2]))
  }
}
