// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import ImageFiles
internal import Volumes

/// A picture on the page: its pixels stretched to the lengths they have in space, lines and a scale bar over them, a caption below.
struct Frame {
  let picture: Picture
  let unit: LengthUnit?
  let isVoxels: Bool
  var caption: HTML = ""
  /// How many greys each colour is rounded to.
  var levels = 256

  /// The width of the coordinates in which lines are drawn; their height follows from the picture.
  static let width = 1000.0

  static func height(of plane: ViewPlane) -> Double { width * plane.physicalHeight / plane.physicalWidth }

  var html: HTML {
    let plane = picture.plane
    let height = Self.height(of: plane)
    let style = "aspect-ratio:\(ratio(plane.physicalWidth, plane.physicalHeight))"
    let isSmall = max(plane.width, plane.height) < 200
    return """
      <figure><div class="frame\(isSmall ? " few" : "")" style="\(style)">\(picture.image(levels: levels))\
      <svg class="over" viewBox="0 0 1000 \(number(height))" preserveAspectRatio="none" aria-hidden="true">\(lines)</svg>\(bar)</div>\
      <figcaption>\(caption)</figcaption></figure>
      """
  }

  /// The lines, turned as the pixels are.
  private var lines: HTML {
    guard let lines = picture.lines else { return "" }
    let plane = picture.plane
    let (across, down) = (plane.isReversed ? -1 : 1, plane.isUpsideDown ? -1 : 1)
    if across == 1, down == 1 { return lines }
    let move = "\(across < 0 ? number(Self.width) : "0") \(down < 0 ? number(Self.height(of: plane)) : "0")"
    return "<g transform=\"translate(\(move)) scale(\(across) \(down))\">\(lines)</g>"
  }

  /// The bar and its label: elements, so that the label keeps its size whatever that of the picture.
  private var bar: HTML {
    let width = picture.plane.physicalWidth
    let bar = ScaleBar(width: width, unit: unit, isVoxels: isVoxels)
    return "<div class=\"bar\" style=\"width:\(number(100 * bar.length / width))%\" aria-hidden=\"true\"><span>\(bar.label)</span></div>"
  }

  private func ratio(_ width: Double, _ height: Double) -> String { "\(number(1000)) / \(number(1000 * height / width))" }
  private func number(_ value: Double) -> String { String(format: "%.2f", value) }
}
