// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import ImageFiles
internal import Pipelines
internal import Transforms
internal import Volumes

/// Pictures of the map itself: how far it displaces beyond its affine part, and how it stretches and squeezes.
struct FieldPictures: Sendable {
  let displacement: [Picture]
  let determinant: [Picture]
  /// The displacement that is shown as the brightest colour, in the unit of the fixed image; above 0.
  let longest: Double
  /// The factor by which volume grows or shrinks at the ends of the other scale; above 1.
  let ratio: Double
  /// The least and the greatest determinant in the pictures.
  let extremes: (least: Float, greatest: Float)
  /// Pixels in whose middle the map folds.
  let foldedCount: Int

  /// Pixels a side: maps are smooth.
  static let mostPixels = 256
  /// The colour of a pixel in whose middle the map folds: the first of the palette.
  private static let folded: [UInt8] = [0, 0, 0]

  /// Measures the planes through a voxel of the fixed region.
  ///
  /// - Returns: `nil` where the map is affine and nothing else.
  /// - Throws: `PipelineError` where the field is damaged.
  init?(_ transforms: TransformFolder, through voxel: [Int], isAnatomical: Bool = false) throws {
    let region = transforms.fixedExtent
    let space = transforms.transform.fixedSpace
    let view = ViewLattice(of: region, in: space, most: Self.mostPixels, showing: region.box, isAnatomical: isAnatomical)
    guard let probe = try MapProbe(transforms) else { return nil }
    let sheets = try view.planes(of: region.box, through: voxel).map(probe.sheet)
    let spacing = SIMD3(Float(space.spacing[0]), Float(space.spacing[1]), Float(space.spacing[2]))
    let lengths = sheets.map { sheet in
      sheet.displacement.map { d in
        let length = d * spacing
        return (length * length).sum().squareRoot()
      }
    }
    let longest = Double(lengths.joined().max() ?? 0)
    let all = sheets.flatMap(\.determinant)
    let positive = all.filter { $0 > 0 }.map { abs(log2($0)) }
    // A round factor that nearly all pixels keep within, and no less than a tenth more or less.
    let spread = Double(ContrastRange.percentile(99.5, of: positive) ?? 0)
    let ratio = [1.1, 1.25, 1.5, 2, 3, 4].first { log2($0) >= spread } ?? 8
    (self.longest, self.ratio) = (longest > 0 ? longest : 1, ratio)
    extremes = (all.min() ?? 1, all.max() ?? 1)
    foldedCount = all.count { !($0 > 0) }
    let unit = space.unit
    let isVoxels = space.spacing.allSatisfy { $0 == 1 }
    displacement = zip(sheets, lengths).map { sheet, lengths in
      Picture(
        plane: sheet.plane,
        alternative: "Length of the displacement in the \(sheet.plane.name) plane, up to "
          + "\(ScaleBar.text(Double(lengths.max() ?? 0), unit, isVoxels: isVoxels)), with a grid bent as the map bends it",
        pixels: .indexed(
          lengths.map { UInt8(min(max(Double($0) / (longest > 0 ? longest : 1), 0), 1) * 255 + 0.5) },
          palette: Palette.magnitude.bytes(256)),
        lines: DeformedGrid(sheet: sheet).html)
    }
    determinant = sheets.map { sheet in
      Picture(
        plane: sheet.plane,
        alternative: "Determinant of the Jacobian in the \(sheet.plane.name) plane, from "
          + "\(NumberFormat.short(Double(sheet.determinant.min() ?? 1))) to \(NumberFormat.short(Double(sheet.determinant.max() ?? 1))), "
          + "with a grid bent as the map bends it",
        pixels: .indexed(
          sheet.determinant.map { Self.index($0, ratio) }, palette: Self.folded + Palette.aboutTheMiddle.bytes(255)),
        lines: DeformedGrid(sheet: sheet, isDark: true).html)
    }
  }

  /// The place of a determinant in the palette: logarithmic about 1, 0 where the map folds.
  static func index(_ determinant: Float, _ ratio: Double) -> UInt8 {
    guard determinant > 0 else { return 0 }
    let place = log2(Double(determinant)) / log2(ratio)
    return UInt8(1 + ((min(max(place, -1), 1) + 1) * 127).rounded())
  }
}
