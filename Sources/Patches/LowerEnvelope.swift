// SPDX-License-Identifier: Apache-2.0

/// The least of parabolas that stand side by side on a line (Felzenszwalb and Huttenlocher, 2012): add them from left to right, then ask for places
/// from left to right. O(1) each, amortised.
struct LowerEnvelope {
  /// The distance between neighbouring places, squared.
  private let square: Double
  /// The parabolas of which something is to be seen, how high each stands, and where each begins to be the least.
  private var vertices: [Int]
  private var heights: [Double]
  private var borders: [Double]
  private var (count, current) = (0, 0)

  /// - Parameter most: how many parabolas are added at the most between two calls of `removeAll`.
  init(most: Int, scale: Double) {
    square = scale * scale
    vertices = [Int](repeating: 0, count: most)
    heights = [Double](repeating: 0, count: most)
    borders = heights
  }

  mutating func removeAll() { (count, current) = (0, 0) }

  /// Adds the parabola `(scale · (x − vertex))² + height`, to the right of those before.
  mutating func add(_ vertex: Int, _ height: Double) {
    var border = -Double.infinity
    while count > 0 {
      let other = vertices[count - 1]
      border =
        ((height - heights[count - 1]) / square + Double(vertex * vertex - other * other)) / Double(2 * (vertex - other))
      if border > borders[count - 1] { break }
      count -= 1
    }
    (vertices[count], heights[count], borders[count]) = (vertex, height, border)
    count += 1
  }

  /// The least at a place that is no farther left than the one before.
  mutating func least(at place: Int) -> Double {
    while current + 1 < count, borders[current + 1] < Double(place) { current += 1 }
    let way = Double(place - vertices[current])
    return way * way * square + heights[current]
  }
}
