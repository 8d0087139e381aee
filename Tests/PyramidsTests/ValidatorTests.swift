// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import Pyramids
import TestSupport
import Testing
import Volumes

/// What is found in OME-Zarr that is not as the specification has it.
struct ValidatorTests {
  /// Attributes of 0.4 with one level, `changes` in place of the usual members of the multiscale, `more` beside it.
  private func attributes(_ changes: [String: String] = [:], more: String = "", without missing: [String] = []) -> String {
    var members = [
      "name": "\"a\"", "version": "\"0.4\"",
      "axes": #"[{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space", "unit": "micrometer"}]"#,
      "datasets": #"[{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}]"#,
    ]
    members.merge(changes) { $1 }
    let text = members.filter { !missing.contains($0.key) }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    return "{\"multiscales\": [{\(text)}]\(more)}"
  }

  private func findings(_ text: String) throws -> [Finding] {
    try withTemporaryFolder { folder in
      try put(text, ".zattrs", in: folder)
      return try OMEValidator.findings(at: folder.path + "/.zattrs")
    }
  }

  private func put(_ text: String, _ name: String, in folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  private func axis(_ name: String, _ type: String?) -> String {
    "{\"name\": \"\(name)\"" + (type.map { ", \"type\": \"\($0)\"" } ?? "") + "}"
  }

  private func axes(_ axes: (String, String?)...) -> [String: String] {
    let scale = "[" + axes.map { _ in "1" }.joined(separator: ", ") + "]"
    return [
      "axes": "[" + axes.map { axis($0.0, $0.1) }.joined(separator: ", ") + "]",
      "datasets": #"[{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": \#(scale)}]}]"#,
    ]
  }

  private func transformations(_ text: String) -> [String: String] {
    ["datasets": "[{\"path\": \"0\", \"coordinateTransformations\": \(text)}]"]
  }

  @Test func whatTheSpecificationAllowsIsNoError() throws {
    #expect(try findings(attributes()).isEmpty)
    for text in [
      attributes(without: ["version"]), attributes(without: ["name"]), attributes(axes(("angle", nil), ("y", "space"), ("x", "space"))),
      attributes(axes(("angle", "custom"), ("y", "space"), ("x", "space"))),
      attributes(axes(("t", "time"), ("c", "channel"), ("z", "space"), ("y", "space"), ("x", "space"))),
      attributes(transformations(#"[{"type": "identity"}, {"type": "scale", "scale": [1, 1]}]"#)),
      attributes(transformations(#"[{"type": "scale", "scale": [1, 1]}, {"type": "translation", "translation": [0, 2]}]"#)),
      attributes(["coordinateTransformations": #"[{"type": "scale", "scale": [2, 2]}]"#]),
      attributes(more: #", "image-label": {"colors": [{"label-value": 1, "rgba": [0, 1, 2, 255]}], "properties": [{"label-value": 1}]}"#),
      #"{"plate": {"columns": [{"name": "1"}], "rows": [{"name": "A"}], "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}}"#,
      #"{"well": {"images": [{"path": "0", "acquisition": 1}]}}"#, #"{"labels": ["nuclei"]}"#, #"{"bioformats2raw.layout": 3}"#,
      #"{"ome": {"version": "0.5", "labels": ["nuclei"]}}"#,
    ] {
      #expect(try findings(text).allSatisfy { $0.severity == .warning }, "\(text)")
    }
  }

  @Test func whatTheSpecificationForbidsIsAnErrorThatNamesItsPlace() throws {
    let one = #"{"type": "scale", "scale": [1, 1]}"#
    let plate =
      #"{"plate": {"columns": [{"name": "1"}], "rows": [{"name": "A"}], "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]"#
    let cases: [(String, String)] = [
      ("{}", "no metadata"), (#"{"multiscales": []}"#, "multiscales"), (attributes(without: ["axes"]), "axes"),
      (attributes(without: ["datasets"]), "datasets"), (attributes(["datasets": "[]"]), "datasets"),
      (attributes(["version": "\"0.9\""]), "version"), (attributes(axes(("x", "space"), ("x", "space"))), "`x` of another axis"),
      (attributes(axes(("y", "space"))), "1 axes"), (attributes(axes(("t", "time"), ("c", "channel"))), "0 axes of type space"),
      (attributes(axes(("t", "time"), ("c", "channel"), ("x", "space"))), "1 axes of type space"),
      (attributes(axes(("a", "space"), ("z", "space"), ("y", "space"), ("x", "space"))), "4 axes of type space"),
      (attributes(axes(("a", "custom"), ("t", "time"), ("c", "channel"), ("z", "space"), ("y", "space"), ("x", "space"))), "6 axes"),
      (attributes(axes(("y", "space"), ("x", "space"), ("c", "channel"))), "order"),
      (attributes(["axes": #"[{"type": "space"}, {"type": "space"}]"#]), "no `name`"),
      (attributes(["axes": #"[{"name": "y", "type": 1}, {"name": "x", "type": "space"}]"#]), "type"),
      (attributes(["datasets": "[{\"path\": 0, \"coordinateTransformations\": [\(one)]}]"]), "datasets[0].path"),
      (attributes(["datasets": "[{\"coordinateTransformations\": [\(one)]}]"]), "datasets[0].path"),
      (attributes(["datasets": #"[{"path": "0"}]"#]), "coordinateTransformations"),
      (attributes(transformations("[]")), "coordinateTransformations"),
      (attributes(transformations(#"[{"type": "affine"}]"#)), "type"),
      (attributes(transformations(#"[{"type": "translation", "scale": [1, 1]}]"#)), "translation"),
      (attributes(transformations(#"[{"type": "translation", "translation": [1, 1]}]"#)), "0 scales"),
      (attributes(transformations("[\(one), {\"type\": \"scale\", \"scale\": [2, 2]}]")), "2 scales"),
      (attributes(transformations("[{\"type\": \"translation\", \"translation\": [1, 1]}, \(one)]")), "before the scale"),
      (attributes(transformations(#"[{"type": "scale", "scale": [0, 1]}]"#)), "above 0"),
      (attributes(["coordinateTransformations": #"[{"type": "translation", "translation": [1, 1]}]"#]), "0 scales"),
      (attributes(more: #", "omero": {}"#), "channels"),
      (attributes(more: #", "omero": {"channels": [{"color": 255, "window": {"start": 0, "end": 1, "min": 0, "max": 1}}]}"#), "color"),
      (attributes(more: #", "omero": {"channels": [{"color": "FF0000", "window": {"start": 0, "end": 1, "min": 0}}]}"#), "lacks max"),
      (attributes(more: #", "image-label": {"colors": []}"#), "colors"),
      (attributes(more: #", "image-label": {"properties": []}"#), "properties"),
      (attributes(more: #", "image-label": {"colors": [{"rgba": [0, 0, 0, 0]}]}"#), "label-value"),
      (attributes(more: #", "image-label": {"colors": [{"label-value": 1, "rgba": [0, 0, 0]}]}"#), "rgba"),
      (attributes(more: #", "image-label": {"colors": [{"label-value": 1, "rgba": [0, 0, 0, "0"]}]}"#), "rgba"),
      (attributes(more: #", "image-label": {"colors": [{"label-value": 1}, {"label-value": 1}]}"#), "colors"),
      (attributes(more: #", "image-label": {"properties": [{"area": 1}]}"#), "label-value"),
      (plate.replacingOccurrences(of: "A/1", with: "A") + "}}", "wells[0].path"),
      (plate.replacingOccurrences(of: "A/1", with: "A/1/0") + "}}", "wells[0].path"),
      (plate.replacingOccurrences(of: "\"rowIndex\": 0, ", with: "") + "}}", "rowIndex"),
      (plate.replacingOccurrences(of: "\"columnIndex\": 0", with: "\"columnIndex\": 1") + "}}", "columnIndex"),
      (plate.replacingOccurrences(of: "{\"name\": \"A\"}", with: "{\"name\": \"A\"}, {\"name\": \"A\"}") + "}}", "rows"),
      (plate.replacingOccurrences(of: "\"1\"", with: "\"#1\"") + "}}", "columns"), (plate + ", \"field_count\": 0}}", "field_count"),
      (plate + #", "acquisitions": [{"name": "a"}]}}"#, "acquisitions[0].id"),
      (plate + #", "acquisitions": [{"id": 0, "maximumfieldcount": 0}]}}"#, "maximumfieldcount"),
      (plate + #", "acquisitions": [{"id": 0, "starttime": 0.5}]}}"#, "starttime"),
      (#"{"well": {"images": []}}"#, "images"), (#"{"well": {"images": [{"path": "0"}, {"path": "0"}]}}"#, "images"),
      (#"{"well": {"images": [{"path": "0", "acquisition": "0"}]}}"#, "acquisition"),
      (#"{"ome": {"labels": ["a"]}}"#, "version"), (#"{"ome": {"version": "0.9", "labels": ["a"]}}"#, "0.9"), ("[]", "no JSON object"),
    ]
    for (text, expected) in cases {
      let errors = try findings(text).filter { $0.severity == .error }
      #expect(errors.contains { ($0.place + " " + $0.message).contains(expected) }, "\(text): \(errors)")
      #expect(errors.allSatisfy { $0.place.contains("/.zattrs") && !$0.hint.isEmpty })
    }
  }

  /// An image as Weft writes it, with labels in it.
  private func withImage(_ version: OMEVersion, _ body: (_ path: String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/a.ome.zarr"
      var layout = PyramidLayout(extent: [70, 90], voxelType: .uint16, space: PhysicalSpace(spacing: [1, 1], unit: .micrometer))
      (layout.version, layout.chunk, layout.levelCount) = (version, [32, 32], 3)
      let writer = try PyramidWriter.begin(layout, at: path)
      try writer.write(patternVoxels([70, 90], seed: 1, as: UInt16.self), at: [0, 0])
      try writer.buildLevels()
      try writer.finish()
      try body(path)
    }
  }

  /// Replaces text in a file.
  private func edit(_ file: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try #require(text.contains(old), "\(file) lacks \(old)")
    try text.replacingOccurrences(of: old, with: new).write(toFile: file, atomically: true, encoding: .utf8)
  }

  @Test(arguments: OMEVersion.allCases) func whatWeftWritesIsWithoutFindings(version: OMEVersion) throws {
    try withImage(version) { path in
      let found = try OMEValidator.findings(at: path, isDeep: true)
      #expect(found == [])
    }
  }

  @Test func whatIsWrongBetweenFilesIsFound() throws {
    func expect(
      _ version: OMEVersion, _ severity: Finding.Severity, _ expected: String, deep: Bool = false, _ change: (String) throws -> Void
    ) throws {
      try withImage(version) { path in
        try change(path)
        let found = try OMEValidator.findings(at: path, isDeep: deep)
        #expect(found.contains { $0.severity == severity && ($0.place + " " + $0.message).contains(expected) }, "\(expected): \(found)")
      }
    }
    let files = FileManager.default
    try expect(.v04, .error, ".zgroup is missing") { try files.removeItem(atPath: $0 + "/.zgroup") }
    try expect(.v05, .error, "/1 holds no Zarr array") { try files.removeItem(atPath: $0 + "/1") }
    try expect(.v05, .error, "has no `dimension_names`") { path in
      let url = URL(fileURLWithPath: path + "/1/zarr.json")
      var members = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
      members["dimension_names"] = nil
      try JSONSerialization.data(withJSONObject: members).write(to: url)
    }
    try expect(.v05, .error, "the `dimension_names` q, x, and the image the axes y, x") { try edit($0 + "/1/zarr.json", "\"y\"", "\"q\"") }
    try expect(.v04, .error, "voxels of int16, and `0` has uint16") { try edit($0 + "/1/.zarray", "<u2", "<i2") }
    try expect(.v04, .warning, "do not lie in folders") { try edit($0 + "/0/.zarray", "\"/\"", "\".\"") }
    try expect(.v04, .warning, "for 70, and its scale says 3 to one") { path in
      try edit(path + "/.zattrs", "            2,\n", "            3,\n")
    }
    // No number of voxels, and no crash.
    try expect(.v04, .warning, "for 70, and its scale says 1e+300 to one") { path in
      try edit(path + "/.zattrs", "            2,\n", "            1e300,\n")
    }
    try expect(.v04, .warning, "begins where `0` does along y: a level of means of 2 voxels lies 0.5 voxels on") { path in
      try edit(path + "/.zattrs", "0.5", "0")
    }
    try expect(.v05, .error, "cannot be read", deep: true) { try Data([1, 2, 3]).write(to: URL(fileURLWithPath: $0 + "/0/c/1/1")) }
    try expect(.v05, .error, "labels is not a Zarr group") {
      try files.createDirectory(atPath: $0 + "/labels", withIntermediateDirectories: true)
    }
    try expect(.v05, .error, "labels/a is not a Zarr group") { path in
      try put(
        #"{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", "labels": ["a"]}}}"#, "zarr.json",
        in: URL(fileURLWithPath: path + "/labels"))
    }
    try expect(.v04, .error, "OME-Zarr 0.5 in Zarr v2") { path in
      try put(#"{"ome": {"version": "0.5", "labels": []}}"#, ".zattrs", in: URL(fileURLWithPath: path))
    }
  }

  @Test func labelsHaveAsManyLevelsAsTheirImageAndAreWholeNumbers() throws {
    try withImage(.v05) { path in
      let labels = URL(fileURLWithPath: path + "/labels")
      try put(
        #"{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", "labels": ["a"]}}}"#, "zarr.json", in: labels)
      var layout = PyramidLayout(extent: [70, 90], voxelType: .float32, space: PhysicalSpace(spacing: [1, 1], unit: .micrometer))
      (layout.isLabels, layout.levelCount) = (true, 2)
      let writer = try PyramidWriter.begin(layout, at: path + "/labels/a")
      try writer.finish()
      let found = try OMEValidator.findings(at: path).map(\.message)
      #expect(
        found.contains("has 2 levels, and its image has 3") && found.contains("has voxels of float32, and labels are whole numbers"),
        "\(found)")
    }
  }
}
