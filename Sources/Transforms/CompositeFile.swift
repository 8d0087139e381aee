// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import ImageFiles
internal import Volumes

/// A chain of transforms in one HDF5 file, as ITK and ANTs write it (`.h5`): affine maps and displacement fields, the last one acts first.
///
/// Groups `TransformGroup/0`, `1`, … each hold the name of a class, its parameters and its fixed parameters, as doubles; group 0 of a chain
/// is the composite transform and holds the name alone. Vectors of a field are its parameters, x first, node by node; size, origin, spacing
/// and direction its fixed ones (itkHDF5TransformIO, itkDisplacementFieldTransform).
enum CompositeFile {
  /// Bytes that a node of a field takes in memory.
  static let bytesPerNode = 12
  /// Nodes that are read or written at once.
  private static let partNodes = 1 << 16

  /// - Throws: `TransformError` where the file is damaged, holds other transforms, or takes more memory than it may.
  static func read(_ path: String, unit: LengthUnit?, memory: Int) throws(TransformError) -> TransformChain {
    do {
      let tree = try HDF5Tree(path)
      var types: [String] = []
      while let type = tree.text("TransformGroup/\(types.count)/TransformType") { types.append(type) }
      guard !types.isEmpty else {
        throw TransformError(
          "\(path) is an HDF5 file that holds no transforms",
          hint: "ITK's transform files have a group TransformGroup; a damaged file may have lost it")
      }
      let isChain = types[0].hasPrefix("CompositeTransform")
      let places = Array((isChain ? 1 : 0)..<types.count)
      guard isChain || types.count == 1 else {
        throw TransformError(
          "\(path) holds \(types.count) transforms that are not one composite transform", hint: "write them as one CompositeTransform")
      }
      guard !places.isEmpty, tree.names.filter({ $0.hasSuffix("/TransformType") }).count == types.count else {
        throw TransformError("\(path) holds a composite transform without all of its parts", hint: "the file may be cut short or damaged")
      }
      let parts = try places.reversed().map { try part("TransformGroup/\($0)/", types[$0], tree, path, unit, memory) }
      guard let rank = parts.first?.rank, parts.allSatisfy({ $0.rank == rank }) else {
        throw TransformError(
          "\(path) holds transforms of several ranks: \(types.joined(separator: ", "))", hint: "a chain is 2D or 3D throughout")
      }
      return TransformChain(rank: rank, parts: parts.map(\.part), unit: unit)
    } catch let error as TransformError {
      throw error
    } catch {
      let known = error as? ImageFileError
      throw TransformError(known?.message ?? "\(path) cannot be read: \(error)", hint: known?.hint)
    }
  }

  private static func part(
    _ group: String, _ type: String, _ tree: HDF5Tree, _ path: String, _ unit: LengthUnit?, _ memory: Int
  ) throws -> (part: TransformChain.Part, rank: Int) {
    // Older versions of ITK misspelled them.
    func name(_ end: String) throws -> String {
      guard let name = ["Transform", "Tranform"].map({ group + $0 + end }).first(where: { tree.count($0) != nil }) else {
        throw TransformError("\(path) has no \(end) of \(type)", hint: "the file may be cut short or damaged")
      }
      return name
    }
    let (fixedName, parameterName) = (try name("FixedParameters"), try name("Parameters"))
    let fixed = try tree.numbers(fixedName, 0..<min(64, tree.count(fixedName)!), as: Double.self)
    try requireFinite(fixed, path)
    if type.contains("DisplacementFieldTransform") {
      let rank = type.hasSuffix("_2_2") ? 2 : 3
      return (.field(try field(rank, fixed, parameterName, tree, path, unit, memory)), rank)
    }
    let count = tree.count(parameterName)!
    guard count <= 64 else {
      throw TransformError(
        "\(path) holds a \(type), and affine maps and displacement fields are read",
        hint: "resample it to a displacement field with ITK first")
    }
    let parameters = try tree.numbers(parameterName, 0..<count, as: Double.self)
    try requireFinite(parameters, path)
    let affine = try AffineTransform.made(type, parameters, fixed, in: path)
    try requireFinite(affine.matrix.flatMap(\.self) + affine.offset, path)
    return (.affine(affine.liftedToThreeAxes()), affine.rank)
  }

  private static func field(
    _ rank: Int, _ fixed: [Double], _ parameters: String, _ tree: HDF5Tree, _ path: String, _ unit: LengthUnit?, _ memory: Int
  ) throws -> DisplacementField {
    func wrong(_ what: String) -> TransformError { TransformError("\(path) \(what)", hint: "the file may be damaged; write it again") }
    guard fixed.count == rank * (rank + 3) else { throw wrong("holds a field of \(rank) axes with \(fixed.count) numbers of its lattice") }
    let lengths = fixed[..<rank].reversed().map { $0 >= 1 && $0 < 1e9 ? Int($0) : 0 }
    let (origin, spacing) = (Array(fixed[rank..<2 * rank].reversed()), Array(fixed[2 * rank..<3 * rank].reversed()))
    let direction = (0..<rank).reversed().map { row in (0..<rank).reversed().map { fixed[3 * rank + row * rank + $0] } }
    guard !lengths.contains(0), spacing.allSatisfy({ $0 > 0 }) else {
      throw wrong("holds a field on no lattice: \(fixed[..<rank]) nodes, spacing \(spacing)")
    }
    let nodes = lengths.reduce(1.0) { $0 * Double($1) }
    guard Double(tree.count(parameters) ?? 0) == nodes * Double(rank) else {
      throw wrong("holds a field of \(nodes) nodes and \(tree.count(parameters) ?? 0) numbers, and \(rank) a node are needed")
    }
    guard nodes * Double(bytesPerNode) <= Double(memory) else {
      throw TransformError(
        "\(path) holds a field of \(Int(nodes)) nodes, which take \(Int(nodes) * bytesPerNode / 1_000_000) MB in memory, and --memory allows "
          + "\(memory / 1_000_000) MB", hint: "give more with --memory; chains of this kind are read whole")
    }
    let extent = Extent((rank == 2 ? [1] : []) + lengths)
    var vectors = VectorField(zeros: extent)
    for first in stride(from: 0, to: extent.count, by: partNodes) {
      let last = min(extent.count, first + partNodes)
      let part = try tree.numbers(parameters, first * rank..<last * rank, as: Float.self)
      guard part.allSatisfy(\.isFinite) else { throw wrong("holds displacements that are not numbers") }
      for component in 0..<rank {
        // x first.
        for node in first..<last { vectors[2 - component].elements[node] = part[(node - first) * rank + component] }
      }
    }
    let space = PhysicalSpace(spacing: spacing, origin: origin, direction: direction, unit: unit)
    return DisplacementField(vectors: vectors, space: space.liftedToThreeAxes())
  }

  private static func requireFinite(_ numbers: [Double], _ path: String) throws(TransformError) {
    guard numbers.allSatisfy(\.isFinite) else {
      throw TransformError("\(path) holds numbers that are not finite", hint: "write the transform again")
    }
  }

  /// Writes a chain; the file appears under its name when it is complete.
  ///
  /// - Throws: `TransformError` where it cannot be written.
  static func write(_ chain: TransformChain, to path: String) throws(TransformError) {
    try PublishedFile.write(to: path) { (temporary) throws(TransformError) in
      do {
        var tree = try HDF5TreeWriter(temporary)
        try tree.group("TransformGroup")
        try begin(0, "CompositeTransform", chain.rank, tree)
        // The last one acts first.
        for (number, part) in chain.parts.reversed().enumerated() { try write(part, number + 1, chain.rank, tree) }
        try tree.finish()
      } catch {
        throw TransformError(
          "\(path) cannot be written",
          hint: (error as? ImageFileError)?.hint ?? "check that the folder exists, has room, and may be written to")
      }
    }
  }

  private static func begin(_ number: Int, _ name: String, _ rank: Int, _ tree: borrowing HDF5TreeWriter) throws(ImageFileError) {
    try tree.group("TransformGroup/\(number)")
    try tree.text("TransformGroup/\(number)/TransformType", "\(name)_double_\(rank)_\(rank)")
  }

  private static func write(
    _ part: TransformChain.Part, _ number: Int, _ rank: Int, _ tree: borrowing HDF5TreeWriter
  ) throws(ImageFileError) {
    let group = "TransformGroup/\(number)/"
    switch part {
    case .affine(let lifted):
      let map = lifted.onLast(rank).reversed
      try begin(number, "AffineTransform", rank, tree)
      try tree.numbers(group + "TransformFixedParameters", [Double](repeating: 0, count: rank))
      try tree.numbers(group + "TransformParameters", map.matrix.flatMap(\.self) + map.offset)
    case .field(let field):
      let (extent, space) = (field.vectors.extent, field.space)
      let axes = (3 - rank..<3).reversed()
      try begin(number, "DisplacementFieldTransform", rank, tree)
      try tree.numbers(
        group + "TransformFixedParameters",
        axes.map { Double(extent[$0]) } + axes.map { space.origin[$0] } + axes.map { space.spacing[$0] }
          + axes.flatMap { row in axes.map { space.direction[row][$0] } })
      let components = axes.map { field.vectors[$0].elements }
      try tree.numbers(group + "TransformParameters", count: extent.count * rank, partCount: partNodes * rank) { range in
        range.map { Double(components[$0 % rank][$0 / rank]) }
      }
    }
  }
}
