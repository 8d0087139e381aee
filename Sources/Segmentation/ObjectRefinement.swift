// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Volumes

/// Cuts the basin around each seed down to its object.
struct ObjectRefinement: Sendable {
  /// Intensities above the background, slightly smoothed.
  let levels: [Float]
  let lattice: Lattice
  /// Diameters in voxels, z, y, x; an object ends a diameter away from its seed.
  let diameter: [Double]
  /// An object's voxels reach this fraction of its own high percentile.
  let fraction: Double
  /// Objects of fewer voxels are dropped.
  let minimumSize: Int

  /// The percentile that stands for an object's brightness: robust against hot voxels, unlike its maximum.
  static let highPercentile = 0.95

  /// What is left of the basins, labelled from 1 in the order of their seeds.
  ///
  /// - Parameter basins: `label` is that of the basin of `seeds[label - 1]`; other labels are not looked at.
  /// - Complexity: O(voxels of the basins × log of those of one).
  func refined(_ basins: [UInt32], seeds: [Seed]) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: basins.count)
    var target = result.mutableSpan
    let source = basins.span
    let values = levels.span
    var next: UInt32 = 1
    for (index, seed) in seeds.enumerated() {
      guard var object = Patch(label: UInt32(index + 1), seed: seed, basins: source, lattice: lattice, diameter: diameter) else { continue }
      let brightness = object.percentile(Self.highPercentile, of: values)
      object.keep(atLeast: Float(fraction) * brightness, of: values)
      object.keepLargestComponent()
      object.fillHoles()
      if object.write(next, atLeast: minimumSize, to: &target) { next += 1 }
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
  /// From a voxel to those that share a face with it, along axes of more than one voxel.
  private let neighbours: [Int]
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
    neighbours = (0..<3).filter { lattice.lengths[$0] > 1 }.flatMap { [-strides[$0], strides[$0]] }
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

  /// The least value that a fraction of the voxels lies at or below.
  func percentile(_ fraction: Double, of values: Span<Float>) -> Float {
    var sorted: [Float] = []
    sorted.reserveCapacity(places.count)
    for place in places { sorted.append(values[place.tile]) }
    sorted.sort()
    return sorted[min(sorted.count - 1, max(0, Int((fraction * Double(sorted.count)).rounded(.up)) - 1))]
  }

  /// Drops voxels below a value.
  mutating func keep(atLeast least: Float, of values: Span<Float>) {
    for place in places where values[place.tile] < least { states[place.patch] = State.dropped }
  }

  /// Drops all but the largest set of voxels connected across faces; of equal ones the first in C order stays.
  mutating func keepLargestComponent() {
    var largest: [Int] = []
    for place in places where states[place.patch] == State.kept {
      let component = flood(from: place.patch, over: State.kept)
      if component.count > largest.count {
        for voxel in largest { states[voxel] = State.dropped }
        largest = component
      } else {
        for voxel in component { states[voxel] = State.dropped }
      }
    }
    for voxel in largest { states[voxel] = State.kept }
  }

  /// Keeps dropped voxels that the object encloses.
  mutating func fillHoles() {
    for place in places where states[place.patch] == State.dropped {
      let hole = flood(from: place.patch, over: State.dropped)
      let isOpen = hole.contains { voxel in
        neighbours.contains { states[voxel + $0] == State.outside }
      }
      if !isOpen { for voxel in hole { states[voxel] = State.kept } }
    }
  }

  /// Writes what was kept, where it is large enough.
  func write(_ label: UInt32, atLeast minimumSize: Int, to labels: inout MutableSpan<UInt32>) -> Bool {
    let count = places.count { states[$0.patch] == State.kept }
    if count == 0 || count < minimumSize { return false }
    for place in places where states[place.patch] == State.kept { labels[place.tile] = label }
    return true
  }

  /// Voxels in one state that are connected to `first`, marked as visited.
  private mutating func flood(from first: Int, over state: UInt8) -> [Int] {
    var reached = [first]
    states[first] = State.visited
    var at = 0
    while at < reached.count {
      for step in neighbours where states[reached[at] + step] == state {
        states[reached[at] + step] = State.visited
        reached.append(reached[at] + step)
      }
      at += 1
    }
    return reached
  }
}
