// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The positions of a GeoJSON file in the plane: every geometry of RFC 7946, in features and collections.
///
/// A position is x, y. A bare array of features, which RFC 7946 does not know and QuPath writes, is read as a collection, and stays an array.
/// Properties, ids and foreign members stay as they are, but `nucleusGeometry`, which QuPath gives a cell, is a geometry,
/// too; a `bbox` is that of the new positions. Edges stay straight between their ends.
///
/// https://www.rfc-editor.org/rfc/rfc7946
struct GeoJSONPoints: PointFile {
  private let path: String
  private let root: Any
  let points: [[Double]]

  /// Reads a file.
  ///
  /// - Throws: `PipelineError` where it cannot be read, is no GeoJSON, or has positions of more than two numbers, naming the place.
  init(contentsOf path: String) throws {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw PipelineError("\(path) cannot be read", hint: "check the path")
    }
    root = try GeoJSONText.value(data, in: path)
    self.path = path
    var found: [[Double]] = []
    var walk = GeoJSONWalk(file: path) { position in
      found.append([position[1], position[0]])
      return position
    }
    _ = try walk.whole(root)
    points = found
  }

  func text(replacing points: [[Double]]) throws -> String {
    var left = points[...]
    var walk = GeoJSONWalk(file: path) { _ in
      let point = left.removeFirst()
      return [point[1], point[0]]
    }
    let moved = try walk.whole(root)
    let data = try JSONSerialization.data(withJSONObject: moved, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

/// One pass over a GeoJSON value, which puts another position in the place of each.
private struct GeoJSONWalk {
  let file: String
  /// x, y for x, y.
  let replacement: ([Double]) -> [Double]
  /// The bounds of the positions since they were last asked for.
  private var bounds = Bounds()

  /// How deep arrays of positions lie.
  private static let depths = [
    "Point": 0, "MultiPoint": 1, "LineString": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3,
  ]

  private struct Bounds {
    var lower = [Double.infinity, .infinity]
    var upper = [-Double.infinity, -.infinity]

    mutating func add(_ other: Bounds) {
      lower = zip(lower, other.lower).map(min)
      upper = zip(upper, other.upper).map(max)
    }
  }

  init(file: String, replacement: @escaping ([Double]) -> [Double]) {
    self.file = file
    self.replacement = replacement
  }

  /// A file: an object, or an array of features.
  mutating func whole(_ root: Any) throws -> Any {
    root is [Any] ? try list(root, at: "$") { try $0.object($1, at: $2) } : try object(root, at: "$")
  }

  private mutating func object(_ value: Any, at place: String) throws -> [String: Any] {
    guard var members = value as? [String: Any], let type = members["type"] as? String else {
      throw refusal(place, "is no object with a `type`")
    }
    let around = bounds
    bounds = Bounds()
    switch type {
    case "FeatureCollection": members["features"] = try list(members["features"], at: place + ".features") { try $0.object($1, at: $2) }
    case "GeometryCollection":
      members["geometries"] = try list(members["geometries"], at: place + ".geometries") { try $0.object($1, at: $2) }
    case "Feature":
      guard members["geometry"] != nil else { throw refusal(place, "is a Feature without a `geometry`") }
      for name in ["geometry", "nucleusGeometry"] {
        guard let geometry = members[name], !(geometry is NSNull) else { continue }
        members[name] = try object(geometry, at: "\(place).\(name)")
      }
    default:
      guard let depth = Self.depths[type] else { throw refusal(place, "has the type `\(type)`, which GeoJSON does not know") }
      members["coordinates"] = try coordinates(members["coordinates"], depth, at: place + ".coordinates")
    }
    if members["bbox"] != nil {
      members["bbox"] = bounds.lower[0] <= bounds.upper[0] ? bounds.lower + bounds.upper : nil
    }
    bounds.add(around)
    return members
  }

  private mutating func list(
    _ value: Any?, at place: String, _ body: (inout GeoJSONWalk, Any, String) throws -> Any
  ) throws -> [Any] {
    guard let values = value as? [Any] else { throw refusal(place, "is no array") }
    var result: [Any] = []
    result.reserveCapacity(values.count)
    for (number, value) in values.enumerated() { result.append(try body(&self, value, "\(place)[\(number)]")) }
    return result
  }

  private mutating func coordinates(_ value: Any?, _ depth: Int, at place: String) throws -> Any {
    if depth > 0 { return try list(value, at: place) { try $0.coordinates($1, depth - 1, at: $2) } }
    guard let values = value as? [Any] else { throw refusal(place, "is no position") }
    // Nowhere, as a Point may be.
    if values.isEmpty { return values }
    let position = values.compactMap(Self.number)
    guard position.count == values.count, values.count >= 2 else { throw refusal(place, "is no position of two numbers") }
    guard values.count == 2 else {
      throw PipelineError(
        "\(file): \(place) has \(values.count) numbers, and positions of the plane have two, x and y",
        hint: "give points in space as a CSV with columns z,y,x")
    }
    let moved = replacement(position)
    bounds.add(Bounds(lower: moved, upper: moved))
    return moved
  }

  /// A number as Foundation reads it; `nil` for what is none, and for `true` and `false`, which only the name of their C type tells from 1 and 0.
  private static func number(_ value: Any) -> Double? {
    guard let number = value as? NSNumber, unsafe number.objCType.pointee != CChar(UInt8(ascii: "c")) else { return nil }
    return number.doubleValue
  }

  private func refusal(_ place: String, _ what: String) -> PipelineError {
    PipelineError("\(file) is no GeoJSON: \(place) \(what)", hint: "see RFC 7946; $ is the whole file")
  }
}
