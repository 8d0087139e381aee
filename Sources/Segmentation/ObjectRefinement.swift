// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Volumes

/// Cuts the basin around each seed down to its object, and drops what does not look like one.
///
/// Of several levels the object ends at the one where its edge is steepest, all round: what ends in a neighbour's basin, without an edge,
/// counts against it. Levels near `fraction` are preferred.
struct ObjectRefinement: Sendable {
  /// Intensities above the background, slightly smoothed.
  let levels: [Float]
  let lattice: Lattice
  /// Diameters in voxels, z, y, x; an object ends a diameter away from its seed.
  let diameter: [Double]
  /// Voxels of a ball of the diameter.
  let ball: Double
  /// The usual fraction of its own brightness that an object's voxels reach.
  let fraction: Double
  /// Objects of fewer voxels are dropped.
  let minimumSize: Int
  /// Objects whose contrast times the eighth power of their solidity is less are dropped.
  let minimumSolidContrast: Double

  /// The fraction of a ball's voxels, or of a basin's where it is smaller, that are at least as bright as the object is said to be: robust
  /// against hot voxels, unlike its maximum, and against basins of much else.
  static let brightest = 0.075
  /// Levels tried, in units of the brightness, are `fraction` times these.
  static let steps = stride(from: 8, through: 16, by: 1).map { Double($0) / 12 }

  /// What is left of the basins, labelled from 1 in the order of their seeds.
  ///
  /// - Parameters:
  ///   - basins: `label` is that of the basin of `seeds[label - 1]`; other labels are not looked at.
  ///   - contrasts: how far each seed stands out of its surroundings.
  /// - Complexity: O(voxels of the basins × (levels + log of those of one)).
  func refined(_ basins: [UInt32], seeds: [Seed], contrasts: [Float]) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: basins.count)
    var target = result.mutableSpan
    let source = basins.span
    let values = levels.span
    var next: UInt32 = 1
    for (index, seed) in seeds.enumerated() {
      guard var object = Patch(label: UInt32(index + 1), seed: seed, basins: source, lattice: lattice, diameter: diameter) else { continue }
      let brightness = object.brightness(of: values, fraction: Self.brightest, ball: ball)
      var best: (merit: Double, level: Float) = (0, 0)
      for step in Self.steps {
        let level = Float(fraction * step) * brightness
        object.keepLargest(atLeast: level, of: values)
        guard object.count >= max(1, minimumSize) else { continue }
        let merit = object.steepness(of: values, diameter: diameter) * exp(-3 * log(step) * log(step))
        if merit > best.merit { best = (merit, level) }
      }
      guard best.merit > 0 else { continue }
      object.keepLargest(atLeast: best.level, of: values)
      object.fillHoles()
      if Double(contrasts[index]) * pow(object.solidity, 8) < minimumSolidContrast { continue }
      object.write(next, to: &target)
      next += 1
    }
    return result
  }
}

/// The surroundings of one object, with a margin of one voxel on all sides.
private struct Patch {
  /// What a voxel of a patch is.
  private enum State {
    static let outside: UInt8 = 0
    static let dropped: UInt8 = 1
    static let kept: UInt8 = 2
    static let visited: UInt8 = 3
  }

  private let lengths: (z: Int, y: Int, x: Int)
  /// From a voxel to those that share a face with it, in the patch and in the tile, along axes of more than one voxel.
  private let faces: [(patch: Int, tile: Int, axis: Int)]
  /// The part of the patch that lies inside the image.
  private let inside: [Range<Int>]
  /// Where each voxel of the basin lies in the patch and in the tile.
  private var places: [(patch: Int, tile: Int)] = []
  private var states: [UInt8]

  /// The voxels of a basin at most a diameter away from its seed; `nil` where there is none.
  init?(label: UInt32, seed: Seed, basins: Span<UInt32>, lattice: Lattice, diameter: [Double]) {
    let centre = [seed.z, seed.y, seed.x]
    let lower = (0..<3).map { max(0, centre[$0] - Int(diameter[$0])) }
    let upper = (0..<3).map { min(lattice.lengths[$0], centre[$0] + Int(diameter[$0]) + 1) }
    lengths = (upper[0] - lower[0] + 2, upper[1] - lower[1] + 2, upper[2] - lower[2] + 2)
    let strides = [lengths.y * lengths.x, lengths.x, 1]
    let tileStrides = [lattice.y * lattice.x, lattice.x, 1]
    faces = (0..<3).filter { lattice.lengths[$0] > 1 }.flatMap { axis in
      [-1, 1].map { ($0 * strides[axis], $0 * tileStrides[axis], axis) }
    }
    inside = (0..<3).map { 1 - lower[$0]..<lattice.lengths[$0] - lower[$0] + 1 }
    states = [UInt8](repeating: State.outside, count: lengths.z * lengths.y * lengths.x)
    for z in lower[0]..<upper[0] {
      let dz = Double(z - seed.z) / diameter[0]
      for y in lower[1]..<upper[1] {
        let dy = Double(y - seed.y) / diameter[1]
        // Along x the ball is a run.
        let rest = 1 - dz * dz - dy * dy
        if rest < 0 { continue }
        let half = Int(rest.squareRoot() * diameter[2])
        let tile = (z * lattice.y + y) * lattice.x
        let patch = ((z - lower[0] + 1) * lengths.y + y - lower[1] + 1) * lengths.x + 1 - lower[2]
        for x in max(lower[2], seed.x - half)..<min(upper[2], seed.x + half + 1) where basins[tile + x] == label {
          places.append((patch + x, tile + x))
          states[patch + x] = State.kept
        }
      }
    }
    if places.isEmpty { return nil }
  }

  /// How many voxels are kept.
  private(set) var count = 0

  /// The value that a fraction of the voxels of a ball, or of all where they are fewer, lies at or above.
  func brightness(of values: Span<Float>, fraction: Double, ball: Double) -> Float {
    var sorted: [Float] = []
    sorted.reserveCapacity(places.count)
    for place in places { sorted.append(values[place.tile]) }
    sorted.sort()
    return sorted[sorted.count - 1 - min(sorted.count - 1, Int(fraction * min(ball, Double(sorted.count))))]
  }

  /// Keeps the largest set of voxels that reach a value and are connected across faces; of equal ones the first in C order.
  mutating func keepLargest(atLeast least: Float, of values: Span<Float>) {
    for place in places { states[place.patch] = values[place.tile] < least ? State.dropped : State.kept }
    var largest: [Int] = []
    for place in places where states[place.patch] == State.kept {
      var component = flood(from: place.patch, over: State.kept)
      if component.count > largest.count { swap(&largest, &component) }
      for voxel in component { states[voxel] = State.dropped }
    }
    for voxel in largest { states[voxel] = State.kept }
    count = largest.count
  }

  /// How fast values fall at the surface, in values a diameter: the mean over all faces but those at the image's border.
  func steepness(of values: Span<Float>, diameter: [Double]) -> Double {
    var fall = 0.0
    var area = 0.0
    for place in places where states[place.patch] == State.kept {
      for face in faces where states[place.patch + face.patch] != State.kept {
        if isBeyond(place.patch + face.patch, face.axis) { continue }
        fall += Double(max(0, values[place.tile] - values[place.tile + face.tile]))
        area += 1 / diameter[face.axis]
      }
    }
    return area > 0 ? fall / area : 0
  }

  /// How much of the ellipsoid that has its second moments the object fills: 1 for an ellipsoid, whatever its axes.
  var solidity: Double {
    let isLong = (0..<3).map { axis in faces.contains { $0.axis == axis } }
    let number = Double(count)
    var (sum, squares, mixed) = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)
    for place in places where states[place.patch] == State.kept {
      let at = SIMD3(Double(coordinate(place.patch, 0)), Double(coordinate(place.patch, 1)), Double(coordinate(place.patch, 2)))
      sum += at
      squares += at * at
      mixed += SIMD3(at[0] * at[1], at[0] * at[2], at[1] * at[2])
    }
    let mean = sum / number
    // A voxel is no point but a box; an axis of one voxel leaves the determinant as it is.
    let own = squares / number - mean * mean + 1.0 / 12
    let (a, b, c) = (isLong[0] ? own[0] : 1, isLong[1] ? own[1] : 1, isLong[2] ? own[2] : 1)
    let (d, e, f) = (mixed[0] / number - mean[0] * mean[1], mixed[1] / number - mean[0] * mean[2], mixed[2] / number - mean[1] * mean[2])
    let determinant = a * b * c + 2 * d * e * f - a * f * f - b * e * e - c * d * d
    let rank = Double(isLong.count { $0 })
    let unit = rank == 3 ? 4 * Double.pi / 3 : rank == 2 ? Double.pi : 2
    return number / (unit * pow(rank + 2, rank / 2) * max(determinant, 1e-9).squareRoot())
  }

  /// Where a voxel of the patch lies along an axis of the patch.
  private func coordinate(_ voxel: Int, _ axis: Int) -> Int {
    axis == 0 ? voxel / (lengths.y * lengths.x) : axis == 1 ? voxel / lengths.x % lengths.y : voxel % lengths.x
  }

  /// Whether a voxel of the patch's margin lies beyond the border of the image.
  private func isBeyond(_ voxel: Int, _ axis: Int) -> Bool {
    let at = coordinate(voxel, axis)
    return at < inside[axis].lowerBound || at >= inside[axis].upperBound
  }

  /// Keeps dropped voxels that the object encloses.
  mutating func fillHoles() {
    for place in places where states[place.patch] == State.dropped {
      let hole = flood(from: place.patch, over: State.dropped)
      let isOpen = hole.contains { voxel in
        faces.contains { states[voxel + $0.patch] == State.outside }
      }
      if !isOpen {
        for voxel in hole { states[voxel] = State.kept }
        count += hole.count
      }
    }
  }

  /// Writes what was kept.
  func write(_ label: UInt32, to labels: inout MutableSpan<UInt32>) {
    for place in places where states[place.patch] == State.kept { labels[place.tile] = label }
  }

  /// Voxels in one state that are connected to `first`, marked as visited.
  private mutating func flood(from first: Int, over state: UInt8) -> [Int] {
    var reached = [first]
    states[first] = State.visited
    var at = 0
    while at < reached.count {
      for face in faces where states[reached[at] + face.patch] == state {
        states[reached[at] + face.patch] = State.visited
        reached.append(reached[at] + face.patch)
      }
      at += 1
    }
    return reached
  }
}
