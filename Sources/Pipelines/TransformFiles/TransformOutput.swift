// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import ImageFiles
internal import Pyramids
internal import Transforms
internal import Volumes

/// Writes a map in the format of some program.
struct TransformOutput {
  let path: String
  let format: TransformFormat
  let map: PartedMap
  let rank: Int
  let unit: LengthUnit?
  /// The images that the map goes from and to, where they are known.
  let from: FieldLattice?
  let to: FieldLattice?
  let options: TransformOptions
  /// The length that differences are told in.
  let voxel: Double?
  /// What the sources hold in memory.
  let resident: Int
  /// The lattice of a field where the image that the map goes from is not known, and what to say then.
  var fallback: (lattice: FieldLattice, note: String)?

  func write(_ result: inout TransformConversion.Result) throws {
    switch format {
    case .itk, .ants:
      switch try ITKFileKind(ofName: path) {
      case .affine: try affine().writeAffine(to: path, as: .itk)
      case .composite: try composite(&result)
      case .field: try field(&result)
      }
    case .greedy: try affine().writeAffine(to: path, as: .greedy)
    case .bigstream: try affine(in: .voxelZero, &result).writeAffine(to: path, as: .bigstream)
    case .elastix: try elastix()
    case .omeZarr: try image(&result)
    case .bigwarp: try landmarks(&result)
    case .ngff: try NGFFSidecar(self).write(&result)
    }
  }

  // MARK: Affine maps

  private func affine() throws -> TransformChain {
    guard options.like == nil, options.spacing == nil else {
      throw PipelineError(
        "\(path) holds an affine map, and --like and --spacing say where displacements are sampled", hint: "leave them out")
    }
    guard let whole = map.affine else {
      throw PipelineError(
        "\(path) holds one affine map, and the transform has displacements",
        hint: "write .h5 (all parts), .nii.gz or .ome.zarr (displacements); of a registration, --part affine is the affine map alone")
    }
    return TransformChain(whole.onLast(rank), unit: unit)
  }

  /// The map in coordinates without directions.
  private func affine(in frame: VoxelFrame, _ result: inout TransformConversion.Result) throws -> TransformChain {
    var chain = try affine()
    result.notes += frame.missing(from, to)
    if let from { chain.parts.insert(.affine(frame.toWorld(from)), at: 0) }
    if let to { chain.parts.append(.affine(frame.fromWorld(to))) }
    return chain
  }

  private func elastix() throws {
    let chain = try affine().converted(to: .millimeter)
    guard let lattice = from?.converted(to: .millimeter) else {
      throw PipelineError(
        "\(path): elastix's files name the voxels of the fixed image, which the transform does not tell", hint: "give --fixed IMAGE")
    }
    try chain.requireAffine(for: path).writeElastix(
      to: path, extent: Extent(Array(lattice.extent.lengths.suffix(rank))),
      space: rank == 2 ? lattice.space.droppingFirstAxis() : lattice.space)
  }

  // MARK: Displacement fields

  /// Where displacements are sampled.
  func lattice(_ result: inout TransformConversion.Result) throws -> FieldLattice {
    var lattice: FieldLattice
    if let like = try options.lattice(options.like, rank, unit) ?? from {
      lattice = like
    } else if let fallback {
      lattice = fallback.lattice
      result.notes.append(fallback.note)
    } else {
      throw PipelineError(
        "\(path) holds displacements of voxels, and the transform does not tell of which image", hint: "give --like IMAGE")
    }
    if let spacing = options.spacing {
      guard spacing.count == rank, spacing.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw PipelineError(
          "--spacing \(spacing.map { "\($0)" }.joined(separator: ",")) is no distance of nodes for \(rank) axes",
          hint: "give \(rank) numbers above 0, as \(rank == 2 ? "4,4" : "4,4,4")")
      }
      lattice = lattice.resampled(spacing: spacing)
    }
    return lattice
  }

  /// How many boxes are sampled at once.
  ///
  /// - Parameter bytes: what the whole field takes in memory.
  /// - Throws: `PipelineError` where the memory does not suffice for one.
  func threads(beside bytes: Int, nodes: Int, on lattice: FieldLattice) throws -> Int {
    let memory = options.memory ?? .available()
    let extent = LatticeSampler.box(of: lattice.extent)
    let box = (0..<3).map { min(extent[$0], lattice.extent[$0]) }.reduce(1, *) * LatticeSampler.bytesPerNode
    let kept = MemoryModel.base + resident + bytes
    guard kept + box <= memory.bytes else {
      throw PipelineError(
        "\(path): a warp of \(nodes) nodes needs \(bytes / max(1, nodes)) bytes for each, \(MemoryBudget.describe(bytes)), with all else "
          + "\(MemoryBudget.describe(kept + box)), and --memory allows \(memory)",
        hint: bytes == 0
          ? "give more with --memory"
          : "give more with --memory, sample at fewer nodes with --spacing, or write .ome.zarr, which goes box by box")
    }
    return MemoryModel.boxesAtOnce(of: box, threads: ThreadCount.resolved(options.threads), available: memory.bytes - kept)
  }

  /// Everything in the unit of ITK's files.
  private var inMillimetres: (map: PartedMap, factor: Double, unit: LengthUnit?) {
    guard let unit else { return (map, 1, nil) }
    let factor = unit.factor(to: .millimeter)
    return (map.scaled(by: factor, unit: .millimeter), factor, .millimeter)
  }

  func sampler(_ map: PartedMap, on lattice: FieldLattice, factor: Double = 1) -> LatticeSampler {
    LatticeSampler(map, on: lattice, sign: map.linear.determinant < 0 ? -1 : 1, voxel: voxel.map { $0 * factor })
  }

  /// Notes what sampling found, in the transform's unit.
  func note(_ findings: LatticeSampler.Findings, on lattice: FieldLattice, _ result: inout TransformConversion.Result) {
    result.nodes = Array(lattice.extent.lengths.suffix(rank))
    result.spacing = Array(lattice.space.spacing.suffix(rank))
    result.unit = (lattice.space.unit ?? unit)?.name
    result.largestDifference = max(result.largestDifference ?? 0, findings.largestDifference)
    result.folded += findings.folded
  }

  private func refuseQuantizing() throws {
    guard options.quantize == nil else {
      throw PipelineError("\(path): only OME-Zarr holds displacements in 16 bits", hint: "name an output that ends in .ome.zarr")
    }
  }

  private func field(_ result: inout TransformConversion.Result) throws {
    try refuseQuantizing()
    let lattice = try lattice(&result)
    let nodes = lattice.extent.count
    let threads = try threads(beside: 12 * nodes, nodes: nodes, on: lattice)
    let (map, factor, unit) = inMillimetres
    let (field, findings) = try sampler(map, on: lattice.converted(to: unit), factor: factor).field(threads: threads)
    note(findings, on: lattice, &result)
    try field.write(to: path, rank: rank)
  }

  private func image(_ result: inout TransformConversion.Result) throws {
    let lattice = try lattice(&result)
    let threads = try threads(beside: 0, nodes: lattice.extent.count, on: lattice)
    let (findings, storage) = try FieldImage.write(
      sampler(map, on: lattice), rank: rank, to: path, quantizedTo: options.quantize, threads: threads, replacing: options.overwrite)
    note(findings, on: lattice, &result)
    result.quantizationError = storage.largestError
  }

  /// Every step by itself: affine maps as they are, displacements on their own lattices, where no other is asked for.
  private func composite(_ result: inout TransformConversion.Result) throws {
    try refuseQuantizing()
    let isResampled = options.like != nil || options.spacing != nil
    let (map, factor, unit) = inMillimetres
    let given = isResampled ? try lattice(&result).converted(to: unit) : nil
    var chain = TransformChain(rank: rank, parts: [], unit: unit)
    // How far displacements so far may have carried a point out of the next field's lattice, beyond which ITK displaces nothing.
    var reach = 0.0
    var held = 0
    for part in map.parts {
      switch part {
      case .affine(let step): chain.parts.append(.affine(step))
      case .displacement(let step, let own):
        let base = given ?? own
        let lattice = base.padded(by: (0..<3).map { reach == 0 ? 0 : Int((reach / base.space.spacing[$0]).rounded(.up)) + 1 })
        held += lattice.extent.count
        let threads = try threads(beside: TransformChain.compositeBytes(nodes: held), nodes: held, on: lattice)
        let (field, findings) = try sampler(PartedMap([.displacement(step, on: own)]), on: lattice, factor: factor).field(threads: threads)
        note(findings, on: lattice, &result)
        reach += findings.longest
        chain.parts.append(.field(field))
      }
    }
    if chain.parts.isEmpty { chain.parts = [.affine(.identity(rank: 3))] }
    try chain.writeComposite(to: path)
  }

  // MARK: Landmarks

  private func landmarks(_ result: inout TransformConversion.Result) throws {
    try refuseQuantizing()
    let lattice = try lattice(&result)
    guard options.landmarks >= 4 else {
      throw PipelineError("--landmarks \(options.landmarks) is too few for a transform", hint: "give 4 or more")
    }
    let counts = (0..<3).map { axis -> Int in
      let used = (0..<3).count { lattice.extent[$0] > 1 }
      let side = Int(pow(Double(options.landmarks) + 0.5, 1 / Double(max(1, used))))
      return min(lattice.extent[axis], max(2, side))
    }
    let fixed = Box(lower: [0, 0, 0], upper: counts).indices.map { index -> SIMD3<Double> in
      let place = (0..<3).map { counts[$0] == 1 ? 0 : Double(index[$0]) * Double(lattice.extent[$0] - 1) / Double(counts[$0] - 1) }
      let world = lattice.space.world(of: place)
      return SIMD3(world[0], world[1], world[2])
    }
    var moving = fixed
    try map.move(&moving)
    let frame = VoxelFrame.origin
    result.notes += frame.missing(from, to)
    func points(_ points: [SIMD3<Double>], _ lattice: FieldLattice?) -> [[Double]] {
      var points = points
      if let lattice { frame.fromWorld(lattice).move(&points) }
      return points.map { Array([$0[0], $0[1], $0[2]].suffix(rank)) }
    }
    let pairs = LandmarkPairs(fixed: points(fixed, from ?? lattice), moving: points(moving, to))
    try pairs.writeBigWarp(to: path)
    result.landmarks = pairs.fixed.count
    result.unit = unit?.name
  }
}
