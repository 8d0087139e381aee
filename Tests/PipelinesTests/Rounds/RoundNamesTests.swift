// SPDX-License-Identifier: Apache-2.0

import Pipelines
import TestSupport
import Testing

/// What the folders of rounds are called.
struct RoundNamesTests {
  @Test(arguments: [
    (["/d/round2.ome.zarr", "/d/Round3.ome.tif"], ["round2", "Round3"]),
    // The folder tells those apart that have one name, and nothing is added to others.
    (["/d/day2/image.zarr", "/d/day3/image.zarr/", "/d/c.nii.gz"], ["day2-image", "day3-image", "c"]),
    (["/a/x/i.tif", "/b/x/i.tif"], ["a-x-i", "b-x-i"]),
    // Bio-Formats puts images into a Zarr by number.
    (["/d/r2.zarr/0", "/d/r3.zarr/0", "/d/r3.zarr/1"], ["r2-0", "r3-0", "r3-1"]),
    (["https://host/bucket/r2.ome.zarr?token=a", "s3://bucket/r3.ome.zarr"], ["r2", "r3"]),
    (["/d/scan ch1_z*.tif", "/d/a b.mha", "/d/…"], ["scan-ch1_z", "a-b", "round"]),
    // On disks that do not tell case apart, too; and beside what else the folder holds.
    (["/A.tif", "/a.nrrd"], ["A", "a-2"]), (["/rounds.json.zarr", "/report.html"], ["rounds.json-2", "report.html-2"]),
  ])
  func aRoundIsNamedAsItsImage(paths: [String], names: [String]) { #expect(RoundNames.names(of: paths) == names) }

  @Test func namesAreDistinctAndFitForFolders() {
    var random = SeededGenerator(seed: 11)
    let parts = ["a", "A", "b c", "..", "é", "x.zarr", "0", "im.ome.tif", "-", "*", "q.zip"]
    for _ in 0..<300 {
      let paths = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        "/" + (0..<Int.random(in: 1...4, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined(separator: "/")
      }
      let names = RoundNames.names(of: paths)
      #expect(names.count == paths.count && Set(names.map { $0.lowercased() }).count == names.count, "\(paths) \(names)")
      for name in names {
        #expect(!name.isEmpty && !name.hasPrefix(".") && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }, "\(name)")
      }
    }
  }
}
