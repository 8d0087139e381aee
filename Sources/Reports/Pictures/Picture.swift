// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import ImageFiles

/// A picture of a plane, with what is said about it.
struct Picture: Sendable {
  let plane: ViewPlane
  /// What is shown, in words for those who do not see it.
  let alternative: String
  let pixels: PNGFile.Pixels
  /// Lines over the picture, in the coordinates of `frame`; `nil` for none.
  var lines: HTML?

  /// The bytes of the file, its greys rounded to fewer ones: noise takes less room, and nobody sees it.
  ///
  /// - Parameter levels: how many greys each colour has, 256 for all.
  func file(levels: Int) -> [UInt8] {
    let rounded: PNGFile.Pixels =
      switch pixels {
      case .grey(let samples): .grey(turned(Self.rounded(samples, levels), size: 1))
      case .colour(let samples): .colour(turned(Self.rounded(samples, levels), size: 3))
      case .indexed(let samples, let palette): .indexed(turned(samples, size: 1), palette: palette)
      }
    return PNGFile.bytes(rounded, height: plane.height, width: plane.width)
  }

  /// The pixels as the plane is shown.
  private func turned(_ samples: [UInt8], size: Int) -> [UInt8] {
    if !plane.isUpsideDown && !plane.isReversed { return samples }
    var result: [UInt8] = []
    result.reserveCapacity(samples.count)
    for y in 0..<plane.height {
      let row = (plane.isUpsideDown ? plane.height - 1 - y : y) * plane.width
      for x in 0..<plane.width {
        let start = size * (row + (plane.isReversed ? plane.width - 1 - x : x))
        result += samples[start..<start + size]
      }
    }
    return result
  }

  private static func rounded(_ samples: [UInt8], _ levels: Int) -> [UInt8] {
    if levels >= 256 { return samples }
    let step = 255 / Double(levels - 1)
    let table: [UInt8] = (0..<256).map { grey in
      let level = (Double(grey) / step).rounded()
      return UInt8((level * step).rounded())
    }
    return samples.map { table[Int($0)] }
  }

  /// The element that holds the file.
  func image(levels: Int) -> HTML {
    let data = Data(file(levels: levels)).base64EncodedString()
    return
      "<img width=\"\(plane.width)\" height=\"\(plane.height)\" alt=\"\(alternative)\" src=\"data:image/png;base64,\(HTML(trusted: data))\">"
  }
}
