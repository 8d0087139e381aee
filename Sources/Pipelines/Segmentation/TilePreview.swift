// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import ImageFiles
internal import Volumes

/// A picture of what was found in a tile: the image in grey, each object outlined in a colour of its own, the core framed, and a line that
/// says how many objects and how many seconds. Of a volume, the plane that holds most of the objects.
public struct TilePreview: Sendable {
  private let height: Int
  private let width: Int
  private var pixels: [UInt8]

  /// A side shorter than this is enlarged.
  private static let leastSide = 256

  /// A picture of a tile.
  public init(_ tile: ChunkedSegmentation.TileResult) {
    let rank = tile.box.rank
    let plane = rank == 3 ? Self.fullestPlane(tile.labels) : 0
    let (rows, columns) = (tile.box.extent[rank - 2], tile.box.extent[rank - 1])
    let scale = max(1, (Self.leastSide + max(rows, columns) - 1) / max(rows, columns))
    let caption = "\(tile.boxes.count) objects in \(String(format: "%.1f", tile.seconds)) s"
    let bar = PixelText.height + 6
    height = rows * scale + bar
    width = max(columns * scale, PixelText.width(of: caption) + 8)
    pixels = [UInt8](repeating: 0, count: 3 * height * width)

    let start = plane * rows * columns
    let image = Array(tile.image.elements[start..<start + rows * columns])
    let labels = Array(tile.labels.elements[start..<start + rows * columns])
    let (dark, bright) = Self.range(image)
    for y in 0..<rows * scale {
      for x in 0..<columns * scale {
        let at = y / scale * columns + x / scale
        let grey = image[at].isFinite ? UInt8(min(max((image[at] - dark) / (bright - dark), 0), 1) * 255) : 0
        set(y, x, (grey, grey, grey))
        if Self.isOutline(labels, y, x, scale, rows, columns) { set(y, x, Self.colour(labels[at])) }
      }
    }
    frame(tile.core.relative(to: tile.box.lower), scale)
    PixelText.forEachPixel(of: caption) { set(rows * scale + 3 + $0, 4 + $1, (255, 255, 255)) }
  }

  /// Writes the picture as PNG.
  ///
  /// - Throws: where the file cannot be written.
  public func write(to path: String) throws { try PNGFile.write(pixels, height: height, width: width, to: path) }

  private mutating func set(_ y: Int, _ x: Int, _ colour: (UInt8, UInt8, UInt8)) {
    guard y >= 0, x >= 0, y < height, x < width else { return }
    let at = 3 * (y * width + x)
    (pixels[at], pixels[at + 1], pixels[at + 2]) = colour
  }

  /// Frames the core where it does not fill the tile.
  private mutating func frame(_ core: Box, _ scale: Int) {
    let rank = core.rank
    let (top, bottom) = (core.lower[rank - 2] * scale, core.upper[rank - 2] * scale - 1)
    let (left, right) = (core.lower[rank - 1] * scale, core.upper[rank - 1] * scale - 1)
    for x in left...right where x % 8 < 4 {
      set(top, x, (255, 255, 255))
      set(bottom, x, (255, 255, 255))
    }
    for y in top...bottom where y % 8 < 4 {
      set(y, left, (255, 255, 255))
      set(y, right, (255, 255, 255))
    }
  }

  /// Whether a pixel of the picture lies inside an object and beside one of another, or of none.
  private static func isOutline(_ labels: [UInt32], _ y: Int, _ x: Int, _ scale: Int, _ rows: Int, _ columns: Int) -> Bool {
    let own = labels[y / scale * columns + x / scale]
    guard own != 0 else { return false }
    for (dy, dx) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
      let (v, u) = (y + dy, x + dx)
      guard v >= 0, u >= 0, v < rows * scale, u < columns * scale else { continue }
      if labels[v / scale * columns + u / scale] != own { return true }
    }
    return false
  }

  /// The plane with most voxels of objects.
  private static func fullestPlane(_ labels: VoxelBuffer<UInt32>) -> Int {
    let size = labels.extent[1] * labels.extent[2]
    var best = (plane: labels.extent[0] / 2, count: 0)
    for plane in 0..<labels.extent[0] {
      let count = labels.elements[plane * size..<(plane + 1) * size].count { $0 != 0 }
      if count > best.count { best = (plane, count) }
    }
    return best.plane
  }

  /// Intensities that are shown as black and as white: the 1st and the 99.5th percentile.
  private static func range(_ image: [Float]) -> (Float, Float) {
    let sorted = image.filter(\.isFinite).sorted()
    guard let first = sorted.first else { return (0, 1) }
    let (low, high) = (sorted[sorted.count / 100], sorted[(sorted.count - 1) * 199 / 200])
    return high > low ? (low, high) : (first, first + 1)
  }

  /// Colours that neighbours in number do not share: the golden angle around the hues.
  private static func colour(_ label: UInt32) -> (UInt8, UInt8, UInt8) {
    let hue = (Double(label) * 0.618033988749895).truncatingRemainder(dividingBy: 1) * 6
    func part(_ shift: Double) -> UInt8 {
      let t = (hue + shift).truncatingRemainder(dividingBy: 6)
      return UInt8(255 * min(max(abs(t - 3) - 1, 0.15), 1))
    }
    return (part(0), part(4), part(2))
  }
}
