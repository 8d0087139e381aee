// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids

/// Straight lines of the fixed image as the map bends them, in the plane of a picture: the part across the plane is not seen.
struct DeformedGrid {
  /// Lines along the longer side.
  static let lines = 16

  let sheet: MapProbe.Sheet
  /// Whether what lies below is bright.
  var isDark = false

  /// The lines in the coordinates of `Frame`.
  var html: HTML {
    let plane = sheet.plane
    let scale = Frame.width / Double(plane.width)
    let down = Frame.height(of: plane) / Double(plane.height)
    let longest = max(plane.physicalWidth, plane.physicalHeight)
    let pixel = (row: plane.physicalHeight / Double(plane.height), column: plane.physicalWidth / Double(plane.width))
    let pitch = longest / Double(Self.lines)
    let (rowStep, columnStep) = (max(1, Int((pitch / pixel.row).rounded())), max(1, Int((pitch / pixel.column).rounded())))
    func point(_ row: Int, _ column: Int) -> String {
      let d = sheet.displacement[row * plane.width + column]
      let y = Double(row) + 0.5 + Double(d[plane.rowAxis]) / Double(plane.view.factors[plane.rowAxis])
      let x = Double(column) + 0.5 + Double(d[plane.columnAxis]) / Double(plane.view.factors[plane.columnAxis])
      return String(format: "%.1f,%.1f", x * scale, y * down)
    }
    func path(_ points: [String]) -> String { "M" + points.joined(separator: "L") }
    var paths: [String] = []
    for row in Self.places(plane.height, step: rowStep) {
      paths.append(path(Self.along(plane.width, step: max(1, columnStep / 5)).map { point(row, $0) }))
    }
    for column in Self.places(plane.width, step: columnStep) {
      paths.append(path(Self.along(plane.height, step: max(1, rowStep / 5)).map { point($0, column) }))
    }
    return "<path class=\"grid\(isDark ? " dark" : "")\" d=\"\(paths.joined())\"/>"
  }

  /// Where lines begin: as far from one border as from the other.
  private static func places(_ count: Int, step: Int) -> [Int] { Array(stride(from: (count - 1) % step / 2, to: count, by: step)) }

  /// The points of a line, its last one too.
  private static func along(_ count: Int, step: Int) -> [Int] {
    let points = Array(stride(from: 0, to: count, by: step))
    return points.last == count - 1 ? points : points + [count - 1]
  }
}
