// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// The planes of one place side by side, at one scale.
struct PlaneRow {
  let pictures: [Picture]
  let unit: LengthUnit?
  let isVoxels: Bool
  /// Names the row for the switches.
  let kind: String
  let levels: Int
  /// The voxels of the registered region, for captions.
  let region: Extent?

  var html: HTML {
    if pictures.isEmpty { return "" }
    let widths = pictures.map { String(format: "minmax(0,%.2ffr)", max($0.plane.physicalWidth / widest, 0.2)) }.joined(separator: " ")
    let frames: [HTML] = pictures.map { picture in
      Frame(picture: picture, unit: unit, isVoxels: isVoxels, caption: caption(picture.plane), levels: levels).html
    }
    return "<div class=\"planes\" data-kind=\"\(kind)\" style=\"--planes:\(widths)\">\(frames)</div>"
  }

  private var widest: Double { pictures.map(\.plane.physicalWidth).max() ?? 1 }

  /// Which plane it is, and how many voxels a pixel averages.
  private func caption(_ plane: ViewPlane) -> HTML {
    guard let region else { return "\(plane.name)" }
    let depth = plane.depth(in: region)
    let last = depth.count > 1 ? "–\(depth.upperBound - 1)" : ""
    let place: HTML = region[plane.normal] == 1 ? "" : ", \(ViewPlane.axes[plane.normal]) = \(depth.lowerBound)\(last)"
    let factors = plane.view.factors.suffix(region[0] == 1 ? 2 : 3)
    let how = kind == "map" ? "measured every" : "a pixel averages"
    let averaged: HTML = factors.allSatisfy { $0 == 1 } ? "" : ", \(how) \(NumberFormat.lengths(Array(factors))) voxels"
    let turned = [(plane.isUpsideDown, plane.rowAxis, "upwards"), (plane.isReversed, plane.columnAxis, "to the left")]
      .filter(\.0).map { ", \(ViewPlane.axes[$0.1]) \($0.2)" }.joined()
    return "\(plane.name)\(place)\(turned)\(averaged)"
  }
}
