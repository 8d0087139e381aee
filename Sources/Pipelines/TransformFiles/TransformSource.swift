// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Pyramids
public import Transforms
public import Volumes

/// A transform that was opened, whatever it lies in.
public struct TransformSource: Sendable {
  /// What it was opened by.
  public let path: String
  /// What it is, in words.
  public let title: String
  /// 2 or 3.
  public let rank: Int
  /// The unit of all its lengths; `nil` where none is known.
  public let unit: LengthUnit?
  /// Its steps, first to last.
  public let map: PartedMap
  /// Its steps as they are inverted: without jumps at the borders of fields.
  let smooth: PartedMap
  /// Where the image lies that it maps from; `nil` where that is not known.
  public let fixedLattice: FieldLattice?
  /// Where the image lies that it maps to.
  public let movingLattice: FieldLattice?
  /// What is worth knowing.
  public let notes: [String]
  /// What it holds in memory.
  let residentBytes: Int

  /// Opens a transform: the output of `weft register`, an OME-Zarr displacement field that Weft wrote, or a file of ITK, ANTs, elastix,
  /// greedy, Convert3D, bigstream or BigWarp.
  ///
  /// - Throws: an error that names the path: missing, damaged, of a kind that is not read, or not what it is said to be.
  public static func open(_ path: String, options: TransformOptions = TransformOptions()) throws -> TransformSource {
    let said = try options.saidUnit
    guard let isFolder = FileManager.default.isFolder(atPath: path) else {
      throw PipelineError("\(path) does not exist", hint: "check the path")
    }
    if !isFolder { return try file(path, said, options) }
    guard options.from == nil || (options.from == .omeZarr && OMEImage.isZarr(path)) else {
      throw PipelineError(
        "\(path) is a folder, and --from \(options.from!.rawValue) is \(options.from == .omeZarr ? "an OME-Zarr image" : "a file")",
        hint: "leave --from out")
    }
    if OMEImage.isZarr(path) {
      try refusePart(path, options)
      let field = try FieldImage.open(path)
      func map(_ edge: FieldMap.Edge) -> PartedMap { PartedMap([.displacement(field.map(edge: edge), on: field.lattice)]) }
      let unit = try unit(of: path, field.lattice.space.unit, said)
      return TransformSource(
        path: path, title: field.storage.step == nil ? "OME-Zarr displacement field" : "OME-Zarr displacement field in 16 bits",
        rank: field.rank, unit: unit, map: map(.none).labelled(unit), smooth: map(.nearest).labelled(unit),
        fixedLattice: field.lattice.labelled(unit), movingLattice: nil,
        notes: field.storage.largestError.map { ["each displacement is off by \($0) at the most, for its 16 bits"] } ?? [],
        residentBytes: 12 * PointGroups.mostNodes)
    }
    let folder = try TransformFolder.open(path)
    let map = try folder.parts(options.part)
    let unit = try unit(of: path, folder.transform.fixedSpace.unit, said)
    let names = ["affine": "the affine map", "coarse": "the coarse warp", "local": "the local field"]
    return TransformSource(
      path: path, title: "registration by Weft" + (names[options.part.rawValue].map { ": \($0)" } ?? ""), rank: folder.rank,
      unit: unit, map: map.labelled(unit), smooth: map.labelled(unit), fixedLattice: folder.fixedLattice.labelled(unit),
      movingLattice: (options.part == .whole || options.part == .affine ? folder.movingLattice : folder.fixedLattice).labelled(unit),
      notes: [],
      residentBytes: [folder.transform.coarse, folder.transform.coarseInverse].compactMap { $0?.vectors.extent.count }.reduce(0, +)
        * MemoryModel.bytesPerWarpPoint)
  }

  /// The unit of what knows its own.
  ///
  /// - Throws: `PipelineError` where another one is said to hold.
  private static func unit(of path: String, _ own: LengthUnit?, _ said: LengthUnit??) throws -> LengthUnit? {
    guard let said else { return own }
    guard own == nil || said == nil || own == said else {
      throw PipelineError(
        "\(path) is in the unit \(own!.name), and --unit says \(said!.name)",
        hint: "leave --unit out, or give none to write numbers as they are")
    }
    return said
  }

  private static func refusePart(_ path: String, _ options: TransformOptions) throws {
    guard options.part != .whole else { return }
    throw PipelineError(
      "--part \(options.part.rawValue) names a part of a registration, and \(path) is one transform", hint: "leave --part out")
  }

  private static func file(_ path: String, _ said: LengthUnit??, _ options: TransformOptions) throws -> TransformSource {
    try refusePart(path, options)
    let memory = (options.memory ?? .available()).bytes - MemoryModel.base
    var (chain, kind) = try TransformChain.read(contentsOf: path, as: options.from, unit: said, memory: memory)
    var notes: [String] = []
    let fixed = try options.lattice(options.fixed, chain.rank, chain.unit)
    let moving = try options.lattice(options.moving, chain.rank, chain.unit)
    // Weft's own landmarks are places in the world.
    if kind != .landmarks, let frame = VoxelFrame(of: kind.format) {
      notes += frame.missing(fixed, moving)
      if let fixed { chain.parts.insert(.affine(frame.fromWorld(fixed)), at: 0) }
      if let moving { chain.parts.append(.affine(frame.toWorld(moving))) }
    }
    if kind == .bigwarp || kind == .landmarks { notes += try landmarkNotes(path, kind) }
    return TransformSource(
      path: path, title: kind.title, rank: chain.rank, unit: chain.unit, map: chain.parted(), smooth: chain.parted(edge: .nearest),
      fixedLattice: fixed ?? chain.fields.first.map { FieldLattice(extent: $0.vectors.extent, space: $0.space) }, movingLattice: moving,
      notes: notes, residentBytes: chain.fields.map { 12 * $0.vectors.extent.count }.reduce(0, +))
  }

  private static func landmarkNotes(_ path: String, _ kind: TransformFileKind) throws -> [String] {
    let pairs = try kind == .bigwarp ? LandmarkPairs.readBigWarp(contentsOf: path) : LandmarkPairs.read(contentsOf: path)
    let map = try AffineTransform.fitting(fixed: pairs.fixed, moving: pairs.moving)
    let squares = zip(pairs.fixed, pairs.moving).map { fixed, moving -> Double in
      let off = zip(map(fixed), moving).map { $0 - $1 }
      return off.map { $0 * $0 }.reduce(0, +)
    }
    let mean = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    return [
      "\(pairs.fixed.count) landmarks became the affine map that fits them best: off by \(Float(mean)) on average (root mean square), "
        + "\(Float(squares.max()!.squareRoot())) at the most; BigWarp itself bends between them"
    ]
  }
}

extension TransformOptions {
  /// The lattice of an image that an option names, on three axes; `nil` where it names none.
  ///
  /// - Throws: `PipelineError` where the image has another rank; what opening it throws.
  func lattice(_ path: String?, _ rank: Int, _ unit: LengthUnit?) throws -> FieldLattice? {
    guard let path else { return nil }
    let volume = try StoredImage.open(path).volumes(channel: 0).finest
    guard volume.rank == rank else {
      throw PipelineError("\(path) is \(volume.rank)D, and the transform is \(rank)D", hint: "name an image of the transform's rank")
    }
    let lifted = volume.liftedToThreeAxes()
    // Where either unit is unknown, numbers are taken as they are.
    return FieldLattice(extent: lifted.extent, space: lifted.space.converted(to: unit).labelled(unit))
  }
}
