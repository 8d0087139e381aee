// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Synchronization
internal import Transforms
internal import Volumes

/// Where a result looks for the voxels of an image, to tell when it finds none of them, and how well the map there was inverted.
struct SampledRegion: Sendable, Codable {
  /// Takes notes from several threads.
  final class Notes: Sendable {
    private let noted = Mutex<SampledRegion?>(nil)

    /// What was noted; `nil` where nothing was.
    var region: SampledRegion? { noted.withLock { $0 } }

    /// Notes a box of the result, whose positions are in `lattice`.
    func add(_ mapped: MappedBox, in lattice: PhysicalSpace, of image: LazyVolume, residual: Float = 0) {
      noted.withLock {
        var region = $0 ?? SampledRegion()
        region.add(mapped, in: lattice, of: image, residual: residual)
        $0 = region
      }
    }
  }

  /// The least and the greatest voxel of the image that was looked for, along z, y, x.
  private var lower = [Double](repeating: .infinity, count: 3)
  private var upper = [Double](repeating: -.infinity, count: 3)
  /// Whether some box of the result comes from where the image lies.
  private(set) var meetsImage = false
  /// The largest distance left by an inversion, in fixed voxels.
  private(set) var residual: Float = 0

  private mutating func add(_ mapped: MappedBox, in lattice: PhysicalSpace, of image: LazyVolume, residual: Float) {
    self.residual = max(self.residual, residual)
    if meetsImage { return }
    let box = mapped.bounds(margin: 1)
    let last = Extent(box.upper.indices.map { max(1, box.upper[$0] - box.lower[$0]) })
    let corners = lattice.cropped(at: box.lower).corners(of: last).map(image.space.index)
    let low = (0..<3).map { axis in corners.map { $0[axis] }.min()! }
    let high = (0..<3).map { axis in corners.map { $0[axis] }.max()! }
    meetsImage = (0..<3).allSatisfy { high[$0] > -1 && low[$0] < Double(image.extent[$0]) }
    lower = zip(lower, low).map(min)
    upper = zip(upper, high).map(max)
  }

  /// What was noted of two parts of a result.
  mutating func merge(_ other: SampledRegion) {
    residual = max(residual, other.residual)
    meetsImage = meetsImage || other.meetsImage
    lower = zip(lower, other.lower).map(min)
    upper = zip(upper, other.upper).map(max)
  }

  /// What to tell where the result holds nothing of the image: both extents, physical; `nil` where it holds something.
  ///
  /// - Parameter rank: 2 leaves z out.
  func warning(_ image: LazyVolume, _ name: String, rank: Int) -> String? {
    guard !meetsImage, lower[0] <= upper[0] else { return nil }
    let unit = image.space.unit.map { " " + $0.name } ?? ""
    let whole = Self.span(image.space.corners(of: image.extent), rank)
    let ends = Box(lower: [0, 0, 0], upper: [2, 2, 2]).indices.map { corner in
      image.space.world(of: (0..<3).map { corner[$0] == 0 ? lower[$0] : upper[$0] })
    }
    return "the result is empty: \(name) spans \(whole)\(unit), and the result lies over \(Self.span(ends, rank))\(unit)"
  }

  private static func span(_ points: [[Double]], _ rank: Int) -> String {
    (3 - rank..<3).map { axis in
      let values = points.map { $0[axis] }
      return ["z", "y", "x"][axis] + " \(rounded(values.min()!)) to \(rounded(values.max()!))"
    }.joined(separator: ", ")
  }

  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
