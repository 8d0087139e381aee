// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Pipelines
internal import Transforms
internal import Volumes

/// How far the map displaces, and how it stretches and squeezes.
struct MapSection {
  let contents: ReportContents
  let levels: Int

  var html: HTML {
    let rows: [HTML] = (affine + numbers).map { name, value in "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }
    let table: HTML = rows.isEmpty ? "" : "<dl class=\"facts\">\(rows)</dl>"
    guard let field = contents.pictures.field else {
      let isAffine = contents.transforms != nil && contents.pictures.missing.isEmpty
      return isAffine ? "<p>The map is affine: straight lines stay straight.</p>\(table)" : table
    }
    let folded: HTML =
      field.foldedCount == 0
      ? "" : " <strong>\(NumberFormat.count(field.foldedCount, "pixel")) fold</strong> (black)."
    let (lengthBar, ratioBar) = (Palette.magnitude.gradient, Palette.aboutTheMiddle.gradient)
    return """
      \(table)
      <p>The pictures show what the map does beyond its affine part. The grid is straight in the fixed image, and drawn where the map takes it: the \
      part in the plane, true to scale.</p>
      <h3>Displacement</h3>\(row(field.displacement))
      \(ColourBar(name: "Length of the displacement", gradient: lengthBar, labels: lengths(field)).html)
      <h3>Determinant of the Jacobian</h3>\(row(field.determinant))
      \(ColourBar(name: "Volume in the moving image for each of the fixed one", gradient: ratioBar, labels: ratios(field)).html)
      <p class="note">Relative to the affine map; 1 keeps volume, below it the moving image is smaller there, 0 or less folds. In these planes: \
      \(NumberFormat.short(Double(field.extremes.least))) to \(NumberFormat.short(Double(field.extremes.greatest))).\(folded) Planes show a part: the \
      numbers above were measured at every voxel.</p>
      """
  }

  /// What the affine part does.
  private var affine: [(String, String)] {
    guard let transforms = contents.transforms else { return [] }
    let (map, space) = (transforms.transform.affine, transforms.transform.fixedSpace)
    let middle = space.world(of: transforms.fixedExtent.lengths.map { Double($0 - 1) / 2 })
    let moved = zip(map(middle), middle).map(-)
    let length = moved.map { $0 * $0 }.reduce(0, +).squareRoot()
    let rank = contents.rank
    let matrix = map.matrix.suffix(rank).map { row in row.suffix(rank).map { NumberFormat.fixed($0, decimals: 4) }.joined(separator: " ") }
    let content = rank == 2 ? "area" : "volume"
    return [
      ("Affine map: \(content) in the moving image for each of the fixed one", NumberFormat.short(map.determinant, significant: 4)),
      (
        "It moves the middle of the fixed region by",
        "\(ScaleBar.text(length, space.unit, isVoxels: contents.isInVoxels)) "
          + "(\(ViewPlane.axes.suffix(rank).joined(separator: ", ")): \(moved.suffix(rank).map { NumberFormat.short($0) }.joined(separator: ", ")))"
      ),
      ("Its matrix, rows \(ViewPlane.axes.suffix(rank).joined(separator: ", "))", matrix.joined(separator: "; ")),
    ]
  }

  private func row(_ pictures: [Picture]) -> HTML {
    PlaneRow(
      pictures: pictures, unit: contents.unit, isVoxels: contents.isInVoxels, kind: "map", levels: levels,
      region: contents.transforms?.fixedExtent
    ).html
  }

  private func lengths(_ field: FieldPictures) -> [String] {
    [0, field.longest / 2, field.longest].map { ScaleBar.text($0, contents.unit, isVoxels: contents.isInVoxels) }
  }

  private func ratios(_ field: FieldPictures) -> [String] {
    ["1/\(NumberFormat.short(field.ratio)) and less", "1", "\(NumberFormat.short(field.ratio)) and more"]
  }

  private var numbers: [(String, String)] {
    let run = contents.run
    var rows: [(String, String)] = []
    if let least = run.number("map", "minimumJacobian") {
      rows.append(("Least determinant, relative to the affine map", NumberFormat.short(least)))
    }
    if let folding = run.number("map", "foldingPercent") { rows.append(("Voxels that fold", NumberFormat.percent(folding))) }
    if let folding = run.number("map", "coarseFoldingPercent") {
      rows.append(("Of them, by the coarse warp alone", NumberFormat.percent(folding)))
    }
    if let repaired = run.number("repairedControlPoints") {
      rows.append(("Control points smoothed because they folded", NumberFormat.short(repaired, significant: 9)))
    }
    if let inside = run.number("map", "insidePercent") {
      rows.append(("Voxels that map inside the moving image", NumberFormat.percent(inside)))
    }
    return rows
  }
}
