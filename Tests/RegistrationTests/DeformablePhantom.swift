// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import TestSupport
import Volumes

/// Blobs on flat ground, and the same blobs displaced by a known smooth field.
struct DeformablePhantom {
  let fixed: VoxelBuffer<Float>
  let moving: VoxelBuffer<Float>
  let truth: VectorField
  /// Voxels well inside, on or beside a blob: where the truth can be seen.
  let visible: [Int]

  /// - Parameters:
  ///   - amplitude: the longest displacement along an axis, in voxels.
  ///   - background: how much of each image, from the far end of x, is flat.
  init(_ extent: Extent, amplitude: Float, seed: UInt64 = 1, background: Float = 0) {
    var random = SeededGenerator(seed: seed)
    let count = max(20, extent.count / (extent[0] > 1 ? 250 : 60))
    let reach = extent.lengths.map(Float.init)
    let blobs = (0..<count).map { _ in
      let at = [0, 1, 2].map { Float.random(in: 0...max(reach[$0] - 1, 0.001), using: &random) * ($0 == 2 ? 1 - background : 1) }
      return (at: at, height: Float.random(in: 0.3...1, using: &random), width: Float.random(in: 1.5...3, using: &random))
    }
    var image = VoxelBuffer<Float>(extent: extent)
    for blob in blobs {
      let r = Int(3.5 * blob.width)
      let centre = blob.at.map { Int($0.rounded()) }
      let box = Box(lower: centre, upper: centre.map { $0 + 1 }).expanded(by: [r, r, r]).intersection(extent.box)
      for index in box.indices {
        let d = zip(index, blob.at).reduce(Float(0)) { $0 + (Float($1.0) - $1.1) * (Float($1.0) - $1.1) }
        image[index] += blob.height * exp(-d / (2 * blob.width * blob.width))
      }
    }
    func wave(_ phase: Float) -> VoxelBuffer<Float> {
      VoxelBuffer(
        extent: extent,
        elements: extent.box.indices.map { i in
          amplitude * sin(phase + 5 * Float(i[2]) / reach[2]) * cos(phase / 2 + 4 * Float(i[1]) / reach[1] + Float(i[0]) / reach[0])
        })
    }
    truth = VectorField(z: extent[0] > 1 ? wave(0.3) : VoxelBuffer(extent: extent), y: wave(1.1), x: wave(2.5))
    moving = image
    // fixed(x) = moving(x + truth(x)), as a registration finds it.
    fixed = warped(image, by: truth, interpolation: .cubic).values
    let warpedImage = fixed
    let margin = Int(amplitude) + 3
    visible = extent.box.indices.enumerated().filter { _, index in
      warpedImage[index] > 0.15
        && (0..<3).allSatisfy { extent[$0] == 1 || (index[$0] >= margin && index[$0] < extent[$0] - margin) }
    }.map(\.offset)
  }

  /// Mean distance in voxels from the truth where it can be seen.
  func error(of field: VectorField) -> Double {
    let sum = visible.reduce(0.0) { sum, i in
      let d = (0..<3).map { Double(field[$0].elements[i] - truth[$0].elements[i]) }
      return sum + (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).squareRoot()
    }
    return sum / Double(visible.count)
  }
}
