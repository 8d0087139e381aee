// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Pipelines
internal import Transforms

/// Pictures of one place: its orthogonal planes, the fixed image beside the moving one as it lay before, on the way, and at the end.
struct PictureSet: Sendable {
  /// How far the registration had got.
  enum Stage: String, Sendable, CaseIterable {
    /// By the positions in the files alone.
    case before
    /// After the affine map.
    case affine
    /// After the coarse warp, which is what the fine stage begins with.
    case coarse
    /// The registered image.
    case registered

    var name: String {
      switch self {
      case .before: "Before"
      case .affine: "After the affine map"
      case .coarse: "Before the fine stage"
      case .registered: "Registered"
      }
    }

    /// What the moving image was brought by, in words.
    var explanation: String {
      switch self {
      case .before: "the moving image where its file puts it"
      case .affine: "the moving image through the affine map alone"
      case .coarse: "the moving image through affine map and coarse warp"
      case .registered: "the registered image as it was written"
      }
    }
  }

  let planes: [ViewPlane]
  /// The stages that there are pictures of, in their order.
  private(set) var stages: [Stage] = []
  private var fixed: [[UInt8]]
  private var others: [Stage: [[UInt8]]] = [:]
  /// Whether pictures go from black to white by what is on these planes alone.
  private let hasOwnContrast: Bool
  /// What is black and white in the pictures of the moving image, once there is one.
  private var contrast: ContrastRange?

  /// Takes the pictures of the fixed image.
  ///
  /// - Parameter hasOwnContrast: as for a part that is darker than the whole; else they have the contrast of their image.
  /// - Throws: errors of reading.
  init(_ planes: [ViewPlane], of image: RecordedImage, hasOwnContrast: Bool = false) throws {
    self.planes = planes
    self.hasOwnContrast = hasOwnContrast
    let values = try Self.values(planes) { try image.values(on: $0) }
    let contrast = hasOwnContrast ? Self.contrast(of: values) ?? image.contrast : image.contrast
    fixed = values.map(contrast.greys)
  }

  private static func values(_ planes: [ViewPlane], _ values: (ViewPlane) throws -> [Float]) throws -> [[Float]] {
    try planes.map {
      try Task.checkCancellation()
      return try values($0)
    }
  }

  private static func contrast(of values: [[Float]]) -> ContrastRange? { ContrastRange(values.joined().filter(\.isFinite)) }

  /// Takes the pictures of the moving image on its way; without a transform as its file puts it.
  mutating func add(_ stage: Stage, _ image: RecordedImage, through transform: ComposedTransform? = nil) throws {
    let values = try Self.values(planes) {
      try image.values(on: $0, affine: transform?.affine ?? .identity(rank: 3), coarse: transform?.coarse)
    }
    // All stages alike, so that they can be compared.
    let contrast = contrast ?? (hasOwnContrast ? Self.contrast(of: values) : nil) ?? image.contrast
    if hasOwnContrast { self.contrast = contrast }
    others[stage] = values.map(contrast.greys)
    stages = Stage.allCases.filter { others[$0] != nil }
  }

  /// One picture a plane.
  func pictures(_ stage: Stage, _ kind: Comparison, of place: String) -> [Picture] {
    guard let other = others[stage] else { return [] }
    return planes.indices.map { i in
      let plane = planes[i]
      let how =
        kind == .overlay
        ? "the fixed image in magenta, \(stage.explanation) in green" : "squares of the fixed image and of \(stage.explanation) by turns"
      return Picture(
        plane: plane, alternative: "\(place), \(plane.name) plane, \(stage.name.lowercased()): \(how)",
        pixels: kind.pixels(fixed: fixed[i], other: other[i], height: plane.height, width: plane.width), lines: nil)
    }
  }
}
