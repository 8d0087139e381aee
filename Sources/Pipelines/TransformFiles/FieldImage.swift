// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Filtering
internal import Foundation
internal import Grids
internal import Pyramids
public import Transforms
internal import Volumes

/// A displacement field as an OME-Zarr image that is read in parts: axes component (z, y, x), z, y, x; a world point `x` goes to `x + d(x)`,
/// `d` linear between nodes and zero beyond half a voxel outside the outermost ones.
///
/// Displacements are along the world's axes, in the unit of the image's axes; float32, or int16 with a step and an offset a component:
/// `d = offset + step × value`, kept with the largest error among the attributes under `weft`, `displacements`.
public struct FieldImage: Sendable {
  /// 2 or 3.
  public let rank: Int
  /// Where its nodes lie.
  public let lattice: FieldLattice
  /// How its numbers are kept.
  let storage: Storage
  private let path: String
  private let array: any VoxelSource

  /// How displacements are kept.
  struct Storage: Sendable, Equatable {
    /// What one of int16 is worth; `nil` for float32.
    var step: Double?
    /// What zero stands for, along z, y, x (2D: y, x).
    var offset: [Double]
    /// The largest difference of a displacement that was measured when the field was written.
    var largestError: Double?

    static let float = Storage(step: nil, offset: [])
  }

  /// The version of the attributes.
  private static let version = 1

  /// Whether a folder is such an image.
  static func isOne(_ path: String) -> Bool { (try? notes(path)) != nil }

  private static func notes(_ path: String) throws -> JSON? {
    guard case .group(_, let attributes)? = try ZarrNode.read(in: LocalStore(directory: path), at: "") else { return nil }
    return attributes["weft"]?["displacements"]
  }

  /// Opens a field.
  ///
  /// - Throws: `PipelineError` where the folder holds none; what opening an image throws.
  public static func open(_ path: String) throws -> FieldImage {
    let image = try OMEImage.open(path)
    guard let notes = try notes(path) else {
      throw PipelineError(
        "\(path) is an OME-Zarr image, and no displacement field that Weft wrote: its attributes name no `weft`, `displacements`",
        hint: "give the result of `weft transform convert`, or of `weft register` the whole output folder")
    }
    let level = image.levels[0]
    let rank = level.space.rank
    let extent = level.source.extent
    guard notes["version"] == .integer(Int64(version)) else {
      throw PipelineError(
        "\(path) has displacements of version \(notes["version"]?.shown ?? "none"), and \(version) is known",
        hint: "read it with the version of Weft that wrote it")
    }
    guard extent.rank == rank + 1, extent[0] == rank else {
      throw PipelineError(
        "\(path) is no displacement field: it has the extent \(extent), and \(rank) components come before its \(rank) axes",
        hint: "the folder is damaged; write it again")
    }
    func numbers(_ name: String) -> [Double] { (notes[name]?.elements ?? []).compactMap { $0.number } }
    let (step, offset) = (notes["step"]?.number, numbers("offset"))
    guard (level.source.voxelType == .float32 && step == nil) || (level.source.voxelType == .int16 && step != nil && offset.count == rank)
    else {
      throw PipelineError(
        "\(path) holds \(level.source.voxelType.rawValue), and its attributes give \(step == nil ? "no" : "a") step: float32 has none, int16 has one",
        hint: "the folder is damaged; write it again")
    }
    let lattice = FieldLattice(
      extent: Extent((rank == 2 ? [1] : []) + extent.lengths.dropFirst()), space: level.space.liftedToThreeAxes())
    return FieldImage(
      rank: rank, lattice: lattice,
      storage: Storage(step: step, offset: offset, largestError: notes["maximumError"]?["measured"]?.number), path: path,
      array: level.source)
  }

  /// The displacements over a box of nodes.
  ///
  /// - Throws: `PipelineError` where some are no numbers; what reading throws.
  func read(_ box: Box) throws -> DisplacementField {
    let inner = rank == 2 ? Box(lower: Array(box.lower.dropFirst()), upper: Array(box.upper.dropFirst())) : box
    let read = try array.read(Box(lower: [0] + inner.lower, upper: [rank] + inner.upper), as: Float.self)
    guard read.elements.allSatisfy(\.isFinite) else {
      throw PipelineError("\(path) holds displacements that are not numbers", hint: "write the transform again")
    }
    var vectors = VectorField(zeros: box.extent)
    for component in 0..<rank {
      var values = Array(read.elements[component * box.count..<(component + 1) * box.count])
      if let step = storage.step { values = values.map { Float(storage.offset[component] + step * Double($0)) } }
      vectors[component + 3 - rank] = VoxelBuffer(extent: box.extent, elements: values)
    }
    return DisplacementField(vectors: vectors, space: lattice.space.cropped(at: box.lower))
  }

  /// The field as a map of points.
  func map(edge: FieldMap.Edge) -> any PointMap { FieldImageMap(image: self, edge: edge) }

  /// Writes the displacements of a map on a lattice, box by box.
  ///
  /// - Parameters:
  ///   - quantizedTo: how far a displacement may be from what it was, in voxels of the lattice's finest axis; int16 is written then, and the
  ///     map is sampled twice. `nil` writes float32.
  ///   - threads: the most threads at work; the result does not depend on it.
  ///   - attributes: all that the image's metadata say, in place of Weft's own.
  /// - Returns: what sampling found, and how the numbers are kept.
  /// - Throws: `PipelineError` where 16 bits cannot hold that; what sampling and writing throw. Nothing appears under the name then.
  static func write(
    _ sampler: LatticeSampler, rank: Int, to path: String, quantizedTo: Double?, threads: Int, replacing: Bool,
    attributes: [String: JSON]? = nil
  ) throws -> (findings: LatticeSampler.Findings, storage: Storage) {
    let lattice = sampler.lattice
    let boxes = LatticeSampler.box(of: lattice.extent)
    let largestError = quantizedTo.map { $0 * lattice.finestSpacing }
    var storage = Storage.float
    if let largestError {
      let findings = try sampler.sampleAll(boxes: boxes, threads: threads) { _, _, _ in }
      storage = try quantised(findings, rank, largestError, lattice.finestSpacing, path)
    }
    var layout = PyramidLayout(
      extent: Extent(Array(lattice.extent.lengths.suffix(rank))), voxelType: storage.step == nil ? .float32 : .int16,
      space: rank == 2 ? lattice.space.droppingFirstAxis() : lattice.space)
    layout.leadingAxes = [.init(Axis(name: "c"), length: rank)]
    layout.chunk = Extent(Array(boxes.lengths.suffix(rank)))
    layout.levelCount = 1
    layout.isChecksummed = true
    let writer = try PyramidWriter.begin(layout, at: path)
    do {
      var worst = 0.0
      let findings = try sampler.sampleAll(boxes: boxes, threads: threads) { box, vectors, _ in
        let place = [0] + Array(box.lower.suffix(rank))
        let extent = Extent([rank] + Array(box.extent.lengths.suffix(rank)))
        let values = (3 - rank..<3).flatMap { vectors[$0].elements }
        guard let step = storage.step else { return try writer.write(VoxelBuffer(extent: extent, elements: values), at: place) }
        let (numbers, error) = quantised(values, step, storage.offset, count: box.count)
        worst = max(worst, error)
        try writer.write(VoxelBuffer(extent: extent, elements: numbers), at: place)
      }
      if let largestError {
        guard worst <= largestError else {
          throw PipelineError(
            "\(path): displacements are off by \(worst) in 16 bits, and \(largestError) is allowed",
            hint: "allow more, or leave --quantize out")
        }
        storage.largestError = worst
      }
      try writer.noting(["displacements": notes(storage, largestError)]).finish(replacing: replacing, attributes: attributes)
      return (findings, storage)
    } catch {
      try? writer.abandon()
      throw error
    }
  }

  /// A step for which no vector is farther off than allowed: each component half a step, all of them √rank times that; a hair is left for
  /// the rounding of the numbers themselves.
  private static func quantised(
    _ findings: LatticeSampler.Findings, _ rank: Int, _ largestError: Double, _ voxel: Double, _ path: String
  ) throws -> Storage {
    let axes = 3 - rank..<3
    let step = 2 * largestError / Double(rank).squareRoot() * 0.999
    let widest = axes.map { findings.upper[$0] - findings.lower[$0] }.max()!
    guard widest <= 65_534 * step else {
      let least = String(format: "%.2g", widest / 65_534 / 2 * Double(rank).squareRoot() / 0.99 / voxel)
      throw PipelineError(
        "\(path): displacements spread over \(Float(widest / voxel)) voxels, which 16 bits hold to \(least) at best, and --quantize allows "
          + "\(Float(largestError / voxel))",
        hint: "allow \(least) voxels or more, leave --quantize out, or write --part local or coarse, which spread less")
    }
    return Storage(step: step, offset: axes.map { (findings.upper[$0] + findings.lower[$0]) / 2 })
  }

  private static func quantised(_ values: [Float], _ step: Double, _ offset: [Double], count: Int) -> (numbers: [Int16], error: Double) {
    var numbers = [Int16](repeating: 0, count: values.count)
    var squares = [Double](repeating: 0, count: count)
    for component in offset.indices {
      for i in 0..<count {
        let value = Double(values[component * count + i])
        let number = min(max(((value - offset[component]) / step).rounded(), -32_767), 32_767)
        numbers[component * count + i] = Int16(number)
        // As it is read: in single precision.
        let error = Double(Float(offset[component] + step * number)) - value
        squares[i] += error * error
      }
    }
    return (numbers, (squares.max() ?? 0).squareRoot())
  }

  private static func notes(_ storage: Storage, _ largestError: Double?) -> JSON {
    var members: [String: JSON] = [
      "version": .integer(Int64(version)), "maps": "a world point x (z, y, x, LPS) to x + d(x)", "interpolation": "linear",
    ]
    if let step = storage.step, let largestError, let measured = storage.largestError {
      members["step"] = .real(step)
      members["offset"] = .reals(storage.offset)
      members["maximumError"] = ["stated": .real(largestError), "measured": .real(measured)]
    }
    return .object(members)
  }
}

/// A field on a disk as a map of points.
private struct FieldImageMap: PointMap {
  let image: FieldImage
  let edge: FieldMap.Edge
  private let recent = RecentRegions<FieldMap>(most: 6)

  init(image: FieldImage, edge: FieldMap.Edge) {
    self.image = image
    self.edge = edge
  }

  func move(_ points: inout [SIMD3<Double>]) throws {
    let (space, extent) = (image.lattice.space, image.lattice.extent)
    let toIndex = (0..<3).map { axis in
      SIMD3(space.direction[0][axis], space.direction[1][axis], space.direction[2][axis]) / space.spacing[axis]
    }
    let origin = SIMD3(space.origin[0], space.origin[1], space.origin[2])
    let last = SIMD3(Double(extent[0] - 1), Double(extent[1] - 1), Double(extent[2] - 1))
    let places = points.map { point in
      let way = point - origin
      return SIMD3((toIndex[0] * way).sum(), (toIndex[1] * way).sum(), (toIndex[2] * way).sum())
    }
    for (box, members) in PointGroups.boxes(places, in: extent, margin: 2) {
      let map = try recent.content(over: box) { FieldMap(try image.read($0), edge: .nearest) }
      for i in members where edge == .nearest || (all(places[i] .>= -0.5) && all(places[i] .< last + 0.5)) {
        points[i] += map.displacement(at: points[i])
      }
    }
  }
}
