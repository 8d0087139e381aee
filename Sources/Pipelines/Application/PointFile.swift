// SPDX-License-Identifier: Apache-2.0

/// A file of points that are brought along.
protocol PointFile {
  /// The points, in z, y, x order (2D: y, x).
  var points: [[Double]] { get }

  /// The file with other points in their places, all else untouched.
  func text(replacing points: [[Double]]) throws -> String
}

extension PointTable: PointFile {}

extension TransformApplication {
  /// Whether a path names a file of points, by its ending: `.csv`, `.geojson` or `.json`.
  public static func holdsPoints(_ path: String) -> Bool { isCSV(path) || isGeoJSON(path) }

  private static func isCSV(_ path: String) -> Bool { path.lowercased().hasSuffix(".csv") }

  private static func isGeoJSON(_ path: String) -> Bool { [".geojson", ".json"].contains { path.lowercased().hasSuffix($0) } }

  /// - Throws: `PipelineError` where the output's name says that it is no file of the input's kind.
  func requireKind(of input: String, for output: String) throws {
    guard Self.isGeoJSON(input) ? !Self.isGeoJSON(output) : !Self.isCSV(output) else { return }
    let (kind, ending) = Self.isGeoJSON(input) ? ("GeoJSON", ".geojson or .json") : ("a CSV", ".csv")
    throw PipelineError(
      "--output \(output) does not end as \(kind) does, and the points of \(input) are written as they came, as \(kind)",
      hint: "end --output in \(ending)")
  }

  /// The points in a file.
  func points(in path: String) throws -> any PointFile {
    guard Self.isGeoJSON(path) else { return try PointTable(contentsOf: path, rank: transforms.rank) }
    guard transforms.rank == 2 else {
      throw PipelineError(
        "\(path) is GeoJSON, which is 2D here, and the transforms are 3D", hint: "give points as a CSV with columns z,y,x")
    }
    return try GeoJSONPoints(contentsOf: path)
  }
}
