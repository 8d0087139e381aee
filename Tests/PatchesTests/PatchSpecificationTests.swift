// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Patches
import TestSupport
import Testing
import Volumes

struct PatchSpecificationTests {
  private static let good = """
    "classes": ["a", "b"], "input_arrays": {"raw": {"shape": [8, 8, 8], "scale": [4, 4, 4]}},
    "target_arrays": {"t": {"shape": [4, 4, 4], "scale": [8, 8, 8]}}, "datasets": {"train": [{"raw": "x.zarr", "gt": "x.zarr/labels/[a,b,c]"}]}
    """

  private func error(_ text: String) -> String {
    do {
      _ = try PatchSpecification(json: text)
      return ""
    } catch { return error.localizedDescription }
  }

  @Test func allThatASpecificationSaysIsRead() throws {
    let text = """
      {\(Self.good), "unit": "nanometer", "pad": "validate", "sampling": "weighted", "class_weights": {"a": 3}, "seed": 9, "batch": 4, "batches": 10,
       "threads": 3, "ahead": 5, "memory_gb": 1.5, "interpolation": "cubic", "split": "validate", "share": [1, 4], "force_has_data": true,
       "relations": {"exclusive": [["a", "b"]], "parts": {"a": ["b"]}},
       "augment": {"places": [{"mirror": [1, 0, 0.5]}, {"transpose": ["y", "x"]}, {"rotate": {"z": [-10, 10], "x": 5}}, {"scale": [0.9, 1.1]},
                              {"elastic": {"spacing": 40, "deviation": 2}}],
                   "inputs": {"raw": [{"normalise": [0, 255]}, "standardise", {"gamma": [0.9, 1.1]}, {"blur": 1}], "*": []},
                   "labels": ["binarise", {"replace_unknown": -1}],
                   "targets": {"a": {"distance": 50}, "*": {"affinities": [[1, 0, 0], [0, 1, 0]]}}}}
      """
    let made = try PatchSpecification(json: text, folder: "/data")
    #expect(made.classes == ["a", "b"] && made.inputs[0].shape == [8, 8, 8] && made.targets[0].scale == [8, 8, 8])
    #expect(made.datasets.train[0].raw.path == "/data/x.zarr")
    #expect(
      made.datasets.train[0].labels == ["a": PatchSource(path: "/data/x.zarr/labels/a"), "b": PatchSource(path: "/data/x.zarr/labels/b")])
    #expect(made.padded == [.validate] && made.sampling == .weighted(["a": 3]) && made.part == .validate && made.forceHasData)
    #expect(
      made.loader.seed == 9 && made.loader.batchSize == 4 && made.loader.batches == 10 && made.loader.threads == 3 && made.loader.ahead == 5
    )
    #expect(made.loader.share == (1, 4) && made.memory == 1_500_000_000 && made.interpolation == .cubic)
    #expect(made.relations == ClassRelations(exclusive: [["a", "b"]], parts: ["a": ["b"]]))
    #expect(
      made.augmentation.places == [
        .mirror([1, 0, 0.5]), .transpose([1, 2]), .rotate([-10...10, 0...0, 5...5]), .scale(0.9...1.1), .elastic(spacing: 40, deviation: 2),
      ])
    #expect(made.augmentation.inputs["raw"] == [.normalise(zero: 0, one: 255), .standardise, .gamma(0.9...1.1), .blur(1...1)])
    #expect(made.augmentation.labels["b"] == [.binarise(above: 0), .replaceUnknown(with: -1)])
    #expect(made.augmentation.targets["a"] == .distance(most: 50) && made.augmentation.targets["b"].channelCount == 2)
    #expect(try PatchSpecification(json: "{\(Self.good), \"neighbours\": 6}", folder: "/data").loader.neighbours == 6)
  }

  @Test func whatIsWrongIsToldWithItsPlace() {
    let cases: [(String, String)] = [
      ("{", "is not valid JSON"), ("{\"classes\": 3}", "`classes`: it is 3, and must be a list"), ("{}", "`input_arrays` is missing"),
      ("{\(Self.good), \"inptus\": 1}", "`inptus` is not known here"),
      (
        "{\(Self.good)}".replacingOccurrences(of: "[\"a\", \"b\"]", with: "[\"a\", \"a\"]"),
        "the specification: the class `a` is there twice"
      ),
      (
        "{\(Self.good)}".replacingOccurrences(of: "\"t\":", with: "\"raw\":"), "the specification: two arrays are called `raw`"
      ),
      ("{\(Self.good), \"batch\": 0}", "`batch`: it is 0, and must be a whole number of at least 1"),
      ("{\(Self.good), \"sampling\": \"weighted\", \"class_weights\": {\"a\": -1}}", "`class_weights.a`: a weight lies between 0 and"),
      ("{\(Self.good), \"sampling\": \"weighted\", \"class_weights\": {\"c\": 1}}", "`class_weights`: `c` is not known here"),
      ("{\(Self.good), \"augment\": {\"inputs\": [{\"gamma\": -3}]}}", "`augment.inputs.0.gamma`: a power is 0 to 100"),
      ("{\(Self.good), \"augment\": {\"inputs\": [{\"contrast\": 1e300}]}}", "a factor is a million at the most"),
      ("{\(Self.good), \"augment\": {\"places\": [{\"rotate\": {\"z\": [-1e308, 1e308]}}]}}", "angles are degrees"),
      ("{\(Self.good), \"augment\": {\"places\": [{\"elastic\": {\"spacing\": 9, \"deviation\": 1e39}}]}}", "at the most the spacing"),
      ("{\(Self.good), \"class_weights\": {\"a\": 1}}", "`class_weights`: weights are for `sampling` that is weighted"),
      ("{\(Self.good), \"unit\": \"mile\"}", "no unit of length"),
      ("{\(Self.good), \"neighbours\": 0}", "at least 1"), ("{\(Self.good), \"neighbours\": 2, \"sampling\": \"balanced\"}", "is uniform"),
      ("{\(Self.good), \"threads\": 100000}", "must be 1024 at the most"), ("{\(Self.good), \"memory_gb\": 1e300}", "must be above zero"),
      ("{\(Self.good), \"augment\": {\"places\": [{\"scale\": [1e-300, 1]}]}}", "between 0.01 and 100"),
      ("{\(Self.good), \"augment\": {\"places\": [{\"elastic\": {\"spacing\": 1e-9, \"deviation\": 1e-9}}]}}", "lie 1e-09 apart"),
      ("{\(Self.good), \"csv\": \"a\"}", "either `datasets` or `csv`"),
      ("{\(Self.good), \"sampling\": \"fair\"}", "uniform, weighted, balanced, tiles"),
      ("{\(Self.good), \"share\": [4, 4]}", "below the count"),
      ("{\(Self.good), \"relations\": {\"exclusive\": [[\"a\", \"z\"]]}}", "`z` is none of the classes"),
      ("{\(Self.good), \"augment\": {\"places\": [\"mirorr\"]}}", "`augment.places.0`: `mirorr` is not known"),
      ("{\(Self.good), \"augment\": {\"places\": [{\"rotate\": {\"z\": [10, -10]}}]}}", "from 10.0 down to -10.0"),
      ("{\(Self.good), \"augment\": {\"inputs\": {\"raww\": []}}}", "`raww` is not known here"),
      ("{\(Self.good), \"augment\": {\"places\": [{\"noise\": 1}]}}", "`noise` is not known here"),
      ("{\"input_arrays\": {\"a/b\": {\"shape\": [1,1,1], \"scale\": [1,1,1]}}, \"datasets\": {}}", "cannot be the name"),
      ("{\"input_arrays\": {\"a\": {\"shape\": [1,1], \"scale\": [1,1,1]}}, \"datasets\": {}}", "three numbers each"),
    ]
    for (text, expected) in cases { #expect(error(text).contains(expected), "\(text): \(error(text))") }
  }

  @Test func tablesOfBothKindsAreRead() throws {
    try withTemporaryFolder { url in
      let table = url.path + "/split.csv"
      try """
      split,raw,gt
      # a comment
      train, a.zarr/raw , "a.zarr/labels/[x,y]"
      validate,/abs/b.zarr/raw,/abs/b.zarr/labels/[y]   # another
      train,c.zarr,recon/em,c.zarr,labels/[x]

      """.write(toFile: table, atomically: true, encoding: .utf8)
      let split = try DatasetSplit(csv: table, classes: ["x", "y"])
      #expect(split.train.count == 2 && split.validate.count == 1)
      #expect(split.train[0].raw.path == url.path + "/a.zarr/raw" && split.train[0].labels["y"]?.path == url.path + "/a.zarr/labels/y")
      #expect(split.validate[0].labels == ["y": PatchSource(path: "/abs/b.zarr/labels/y")])
      #expect(split.train[1].raw.path == url.path + "/c.zarr/recon/em" && split.train[1].labels["x"]?.path == url.path + "/c.zarr/labels/x")
      for (line, expected) in [
        ("trian,a,b", "line 1: `trian` is no split"), ("train,a", "has 2 columns"), ("train,a,b", "does not say for which"),
      ] {
        try line.write(toFile: table, atomically: true, encoding: .utf8)
        let said = #expect(throws: (any Error).self) { try DatasetSplit(csv: table, classes: ["x", "y"]) }
        #expect(said?.localizedDescription.contains(expected) == true, "\(line): \(said as Any)")
      }
    }
  }

  @Test func badDatasetsArePassedOverWithAWarningAndEmptyOnesKeptOnRequest() throws {
    try withFixtures { fixtures in
      let raw = try fixtures.write(PatchFixtures.noise([16, 16, 16]), "raw.ome.zarr")
      let labels = try fixtures.write(PatchFixtures.labels([16, 16, 16], objects: 3), "a.ome.zarr")
      var specification = PatchSpecification()
      specification.classes = ["a"]
      specification.inputs = [PatchArray(name: "raw", shape: [8, 8, 8], scale: [4, 4, 4])]
      specification.targets = [PatchArray(name: "t", shape: [8, 8, 8], scale: [4, 4, 4])]
      specification.datasets.train = [
        .init(raw: PatchSource(path: raw), labels: ["a": PatchSource(path: labels)]),
        .init(raw: PatchSource(path: raw + "x"), labels: ["a": PatchSource(path: labels)]),
        .init(raw: PatchSource(path: raw), labels: [:]),
      ]
      var warnings: [String] = []
      #expect(try specification.opened(.train) { warnings.append($0) }.datasets.count == 1)
      #expect(warnings.count == 2 && warnings[0].contains("rawx") == false && warnings.joined().contains("raw.ome.zarrx"), "\(warnings)")
      specification.forceHasData = true
      warnings = []
      let kept = try specification.opened(.train) { warnings.append($0) }
      #expect(kept.datasets.count == 2 && warnings.count == 1 && kept.classMatrix == [[true], [false]])
      #expect(throws: (any Error).self) { try specification.opened(.validate) }
    }
  }

  @Test func countsAreKeptBesideTheSpecificationAndNeverInAnInput() throws {
    try withFixtures { fixtures in
      let labels = PatchFixtures.labels([24, 24, 24], objects: 9)
      let paths = (try fixtures.write(PatchFixtures.noise([24, 24, 24]), "raw.ome.zarr"), try fixtures.write(labels, "a.ome.zarr"))
      let before = (try resultFiles(paths.0), try resultFiles(paths.1))
      let file = fixtures.folder + "/spec.json"
      try """
      {"classes": ["a"], "input_arrays": {"raw": {"shape": [8, 8, 8], "scale": [4, 4, 4]}},
       "target_arrays": {"t": {"shape": [4, 4, 4], "scale": [8, 8, 8]}}, "datasets": {"train": [{"raw": "raw.ome.zarr", "gt": "a.ome.zarr"}]}}
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let specification = try PatchSpecification(file: file)
      let first = try specification.censuses(of: try specification.opened(.train))
      // Voxels of 4 nm, told as those of 8 nm.
      #expect(first[0].counts["a"]!.present == Double(labels.elements.count { $0 > 0 }) / 8)
      #expect(FileManager.default.fileExists(atPath: file + ".counts"))
      #expect(try specification.censuses(of: try specification.opened(.train)) == first)
      #expect(try (resultFiles(paths.0), resultFiles(paths.1)) == before)
      // Other labels are counted anew.
      try FileManager.default.removeItem(atPath: paths.1)
      _ = try fixtures.write(VoxelBuffer<UInt32>(extent: [24, 24, 24], repeating: 1), "a.ome.zarr")
      #expect(try specification.censuses(of: try specification.opened(.train))[0].counts["a"]!.present == 24 * 24 * 24 / 8)
    }
  }
}
