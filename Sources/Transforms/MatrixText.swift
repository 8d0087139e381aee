// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A bare matrix in a text file, as greedy, Convert3D and bigstream write their affine maps: 4 × 4 numbers (2D: 3 × 3), the last row
/// 0 0 0 1. What its axes are the file does not tell.
enum MatrixText {
  /// The rows of a matrix; `nil` where the text is something else.
  static func rows(_ text: String) -> [[String]]? {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    let rows = lines.map { $0.split { $0.isWhitespace || $0 == "," || $0 == ";" }.map(String.init) }
    guard rows.count == 3 || rows.count == 4, rows.allSatisfy({ $0.count == rows.count && $0.allSatisfy { Double($0) != nil } }) else {
      return nil
    }
    return rows
  }

  /// The map, its axes as they stand in the file.
  ///
  /// - Throws: `TransformError` where the file holds no such matrix, one with numbers that are not finite, or another last row.
  static func read(_ path: String, format: TransformFormat) throws(TransformError) -> AffineTransform {
    let text = try TransformText.read(path)
    guard let rows = rows(text) else {
      throw TransformError(
        "\(path) is no \(format.title): it does not hold 4 rows of 4 numbers (2D: 3 of 3)",
        hint: "leave --from out to have the format recognised, or check that the file is whole")
    }
    let numbers = rows.map { $0.map { Double($0)! } }
    guard numbers.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw TransformError("\(path) holds numbers that are not finite", hint: "write the transform again")
    }
    let rank = numbers.count - 1
    let last = [Double](repeating: 0, count: rank) + [1]
    guard zip(numbers[rank], last).allSatisfy({ abs($0 - $1) < 1e-9 }) else {
      throw TransformError(
        "\(path) has the last row \(numbers[rank].map { "\($0)" }.joined(separator: " ")), and an affine map has \(rank) zeros and 1",
        hint: "this is no affine map of points, or its rows and columns are swapped")
    }
    return AffineTransform(matrix: numbers[..<rank].map { Array($0[..<rank]) }, offset: numbers[..<rank].map { $0[rank] })
  }

  /// The text of a map, its axes as they stand.
  static func text(_ map: AffineTransform) -> String {
    var rows = zip(map.matrix, map.offset).map { $0 + [$1] }
    rows.append([Double](repeating: 0, count: map.rank) + [1])
    return rows.map { $0.map { "\($0)" }.joined(separator: " ") + "\n" }.joined()
  }
}

extension AffineTransform {
  /// The same map with its axes listed the other way round: x first where z was.
  package var reversed: AffineTransform {
    AffineTransform(matrix: matrix.reversed().map { $0.reversed() }, offset: offset.reversed())
  }

  /// The same map between worlds whose x and y point the other way: LPS to RAS and back. Axes z, y, x (2D: y, x).
  package var inOtherHandedness: AffineTransform {
    let signs = [1.0, -1, -1].suffix(rank)
    return AffineTransform(
      matrix: zip(matrix, signs).map { row, rowSign in zip(row, signs).map { $0 * $1 * rowSign } },
      offset: zip(offset, signs).map(*))
  }
}
