// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Pipelines
import Reports
import TestSupport
import Testing
import Volumes

struct FigureTests {
  @Test func percentilesAreThoseOfTheSortedNumbers() {
    let values = (0...1000).map(Float.init).shuffled()
    #expect(ContrastRange.percentile(1, of: values) == 10 && ContrastRange.percentile(99.8, of: values) == 998)
    #expect(ContrastRange.percentile(0, of: values) == 0 && ContrastRange.percentile(100, of: values) == 1000)
    #expect(ContrastRange.percentile(50, of: []) == nil && ContrastRange([]) == nil)
    let range = ContrastRange(values)
    #expect(range?.low == 10 && range?.high == 998)
    #expect(range?.grey(-5) == 0 && range?.grey(504) == 128 && range?.grey(2000) == 255 && range?.grey(.nan) == 0)
  }

  @Test func sparseDotsAreShownToo() {
    let range = ContrastRange([Float](repeating: 0, count: 9999) + [7])
    #expect(range?.low == 0 && range?.high == 7)
    #expect(ContrastRange([3, 3, 3])?.grey(3) == 0)
  }

  @Test(arguments: [0.003, 0.7, 1, 9.9, 96, 123.4, 512, 40_000, 3e7])
  func aScaleBarIsRoundAndFits(width: Double) {
    for unit in [LengthUnit.micrometer, .millimeter, .nanometer, LengthUnit("inch"), nil] {
      let bar = ScaleBar(width: width, unit: unit)
      #expect(bar.length <= 0.3 * width * 1.000001 && bar.length >= 0.1 * width)
      let digits = bar.length / pow(10, floor(log10(bar.length) + 1e-9))
      #expect([1.0, 2, 5].contains { abs(digits - $0) < 1e-6 }, "\(bar.length)")
      #expect(bar.label.prefix { $0 != " " }.allSatisfy { $0.isNumber || $0 == "." }, "\(bar.label)")
    }
  }

  @Test func aScaleBarIsReadInTheUnitThatSuitsIt() {
    #expect(ScaleBar(width: 400, unit: .micrometer).label == "100 µm")
    #expect(ScaleBar(width: 0.4, unit: .millimeter).label == "100 µm")
    #expect(ScaleBar(width: 40_000, unit: .micrometer).label == "10 mm")
    #expect(ScaleBar(width: 400, unit: nil, isVoxels: true).label == "100 voxels")
    #expect(ScaleBar(width: 400, unit: nil).label == "100 (no unit given)")
  }

  @Test func aPictureIsReadBackAsItWasWritten() throws {
    try withTemporaryFolder { folder in
      let (height, width) = (37, 53)
      let pattern = (0..<height * width).map { place -> UInt8 in UInt8(truncatingIfNeeded: place * place / 7 + place / width * 5) }
      let palette = (0...255).flatMap { (grey: UInt8) -> [UInt8] in [grey, 255 - grey, grey / 2] }
      let colour = pattern.flatMap { (grey: UInt8) -> [UInt8] in [grey, 255 - grey, grey / 2] }
      let cases: [(PNGFile.Pixels, [UInt8])] = [
        (.grey(pattern), pattern), (.colour(colour), colour), (.indexed(pattern, palette: palette), colour),
      ]
      for (number, (pixels, expected)) in cases.enumerated() {
        let path = folder.appendingPathComponent("\(number).png").path
        try Data(PNGFile.bytes(pixels, height: height, width: width)).write(to: URL(fileURLWithPath: path))
        let level = try StoredImage.open(path).levels[0].source
        #expect(try level.read(level.extent.box, as: UInt8.self).elements == expected, "\(number)")
      }
    }
  }
}
