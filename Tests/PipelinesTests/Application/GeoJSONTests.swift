// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// Points of the plane in GeoJSON.
struct GeoJSONTests {
  private static let affine = AffineTransform(matrix: [[1.1, 0.2], [-0.1, 0.9]], offset: [3, -5])

  private func apply(_ text: String, _ folder: URL, _ change: (inout ApplyOptions) -> Void = { $0.target = .moving }) throws -> [String:
    Any]
  {
    let (input, output) = (folder.path + "/in.geojson", folder.path + "/out.geojson")
    try text.write(toFile: input, atomically: true, encoding: .utf8)
    var options = ApplyOptions()
    options.overwrite = true
    change(&options)
    _ = try TransformApplication(transforms: folder.path + "/out", options: options).apply(toPointsIn: input, output: output)
    return try #require(JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: output))) as? [String: Any])
  }

  private func moved(_ x: Double, _ y: Double) -> [Double] { Self.affine([y, x]).reversed() }

  private func expectEqual(_ found: Any?, _ expected: [Double]) {
    let numbers = (found as? [NSNumber] ?? []).map(\.doubleValue)
    #expect(numbers.count == expected.count && zip(numbers, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "\(numbers) \(expected)")
  }

  private static let everything = """
    {"type": "FeatureCollection", "name": "cells/nuclei", "big": 12345678901234567, "bbox": [0, 0, 9, 9], "features": [
      {"type": "Feature", "id": "a-1", "properties": {"label": 7, "area": 0.1, "tiny": 1e-7, "ok": true, "no": null, "list": [1, [2.5]]},
       "geometry": {"type": "Polygon", "coordinates": [[[4, 5], [9, 5], [9, 8], [4, 5]], [[5, 5.5], [6, 5.5], [6, 6], [5, 5.5]]]},
       "nucleusGeometry": {"type": "Point", "coordinates": [6, 6]}},
      {"type": "Feature", "properties": null, "geometry": null},
      {"type": "Feature", "properties": {}, "geometry": {"type": "GeometryCollection", "geometries": [
        {"type": "Point", "coordinates": [7, 8]}, {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
        {"type": "LineString", "coordinates": [[2, 2], [3, 3]]}, {"type": "MultiLineString", "coordinates": [[[2, 2], [3, 3]], []]},
        {"type": "MultiPolygon", "coordinates": [[[[4, 5], [9, 5], [9, 8], [4, 5]]]]}, {"type": "Point", "coordinates": []}]}}]}
    """

  @Test func positionsGoWhereTheMapLeadsAndAllElseStays() async throws {
    try await withFlatTransforms(Self.affine) { folder in
      let result = try apply(Self.everything, folder)
      let features = try #require(result["features"] as? [[String: Any]])
      let polygon = try #require((features[0]["geometry"] as? [String: Any])?["coordinates"] as? [[[NSNumber]]])
      #expect(polygon.map(\.count) == [4, 4] && polygon[0][0] == polygon[0][3])
      expectEqual(polygon[0][1], moved(9, 5))
      expectEqual(polygon[1][2], moved(6, 6))
      expectEqual((features[0]["nucleusGeometry"] as? [String: Any])?["coordinates"], moved(6, 6))
      let geometries = try #require((features[2]["geometry"] as? [String: Any])?["geometries"] as? [[String: Any]])
      expectEqual(geometries[0]["coordinates"], moved(7, 8))
      expectEqual((geometries[1]["coordinates"] as? [Any])?[1], moved(3, 4))
      expectEqual(((geometries[3]["coordinates"] as? [Any])?[0] as? [Any])?[1], moved(3, 3))
      #expect((geometries[5]["coordinates"] as? [Any])?.isEmpty == true)
      // Nothing else changed but the box, which is that of what is there.
      var (given, found) = (
        try #require(JSONSerialization.jsonObject(with: Data(Self.everything.utf8)) as? [String: Any]), result
      )
      #expect(found["bbox"] is [Any])
      for key in ["features", "bbox"] { (given[key], found[key]) = (nil, nil) }
      #expect(NSDictionary(dictionary: given) == NSDictionary(dictionary: found))
      let before =
        try #require(JSONSerialization.jsonObject(with: Data(Self.everything.utf8)) as? [String: Any])["features"] as? [[String: Any]]
      #expect(
        NSDictionary(dictionary: before?[0]["properties"] as? [String: Any] ?? [:])
          == NSDictionary(dictionary: features[0]["properties"] as? [String: Any] ?? ["": 0]))
      #expect(features[0]["id"] as? String == "a-1" && features[1]["geometry"] is NSNull && features[1]["properties"] is NSNull)
    }
  }

  @Test(arguments: [true, false]) func thereAndBackIsWhereItWas(inVoxels: Bool) async throws {
    try await withFlatTransforms(Self.affine) { folder in
      _ = try apply(Self.everything, folder) { ($0.target, $0.voxels) = (.moving, inVoxels) }
      let there = try String(contentsOfFile: folder.path + "/out.geojson", encoding: .utf8)
      let back = try apply(there, folder) { ($0.target, $0.voxels) = (.fixed, inVoxels) }
      func numbers(_ value: Any) -> [Double] {
        if let members = value as? [String: Any] {
          return members.keys.sorted().filter { $0 != "bbox" }.flatMap { numbers(members[$0]!) }
        }
        if let list = value as? [Any] { return list.flatMap(numbers) }
        return (value as? NSNumber).map { [$0.doubleValue] } ?? []
      }
      let (a, b) = (try numbers(JSONSerialization.jsonObject(with: Data(Self.everything.utf8))), numbers(back))
      #expect(a.count == b.count && a.count > 40 && zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 * max(1, abs($0)) })
    }
  }

  @Test(arguments: [
    ("{\"type\": \"Point\", \"coordinates\": [1, 2, 3]}", "$.coordinates has 3 numbers"),
    ("{\"type\": \"Point\", \"coordinates\": [1]}", "$.coordinates is no position"),
    ("{\"type\": \"Point\", \"coordinates\": [1, true]}", "$.coordinates is no position"),
    ("{\"type\": \"Point\", \"coordinates\": [1, \"2\"]}", "$.coordinates is no position"),
    ("{\"type\": \"Point\"}", "$.coordinates is no position"), ("[1, 2]", "$[0] is no object"), ("3", "$ is no object"),
    ("{\"type\": \"Circle\"}", "the type `Circle`"), ("{\"type\": \"FeatureCollection\"}", "$.features is no array"),
    ("{\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Feature\"}]}", "$.features[0] is a Feature without"),
    ("{\"type\": \"Polygon\", \"coordinates\": [[1, 2]]}", "$.coordinates[0][0] is no"), ("{\"type\": ", "is no JSON"), ("", "is no JSON"),
    ("[3, {\"type\": \"Point\", \"coordinates\": [1, 2]}]", "$[0] is no object"),
    ("{\"type\": \"Point\",\n\"coordinates\": [1, 2,\n]}", "line 2 has a comma"),
    ("{\"type\": \"Point\", \"coordinates\": [1, 2], }", "line 1 has"),
  ])
  func whatIsNoGeoJSONOfThePlaneIsRefusedWithItsPlace(text: String, message: String) async throws {
    try await withFlatTransforms(Self.affine) { folder in
      let error = #expect(throws: PipelineError.self) { _ = try apply(text, folder) }
      let said = error?.localizedDescription ?? ""
      #expect(said.contains("in.geojson") && said.contains(message), "\(said)")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.geojson"))
    }
  }

  /// As QuPath writes features that are in no collection.
  @Test func anArrayOfFeaturesStaysOne() async throws {
    try await withFlatTransforms(Self.affine) { folder in
      let features = (0..<3).map {
        "{\"type\": \"Feature\", \"geometry\": {\"type\": \"Point\", \"coordinates\": [\($0), 7]}, \"id\": \"a,]\"}"
      }
      let (input, output) = (folder.path + "/in.json", folder.path + "/out.geojson")
      try "[\(features.joined(separator: ", "))]".write(toFile: input, atomically: true, encoding: .utf8)
      let count = try application(folder) { $0.target = .moving }.apply(toPointsIn: input, output: output).count
      let found = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: output))) as? [[String: Any]])
      #expect(count == 3 && found.count == 3)
      for (number, feature) in found.enumerated() {
        expectEqual((feature["geometry"] as? [String: Any])?["coordinates"], moved(Double(number), 7))
        #expect(feature["id"] as? String == "a,]")
      }
    }
  }

  @Test(arguments: [
    (Array("{\"type\": \"Point\", \"coordinates\": [1e400, 2]}".utf8), "1.8e308"),
    (Array("{\"type\": \"Point\", \"name\": \"".utf8) + [0xE9] + Array("\", \"coordinates\": [1, 2]}".utf8), "UTF-8"),
    (Array("{\"type\": \"Point\", ".utf8), "not written to its end"),
    (Array("{\"type\": \"Point\", \"coordinates\": [01, 2]}".utf8), "correct it there"),
  ])
  func eachFaultOfTheTextHasItsHint(bytes: [UInt8], hint: String) async throws {
    try await withFlatTransforms(Self.affine) { folder in
      let input = folder.path + "/in.geojson"
      try Data(bytes).write(to: URL(fileURLWithPath: input))
      let error = #expect(throws: PipelineError.self) {
        _ = try application(folder).apply(toPointsIn: input, output: folder.path + "/out.geojson")
      }
      #expect(error?.hint?.contains(hint) == true, "\(error?.message ?? "") \(error?.hint ?? "")")
    }
  }
}
