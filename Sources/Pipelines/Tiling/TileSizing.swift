// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Pyramids
internal import Segmentation
internal import Volumes

/// What is asked of tiles.
struct TileRequest {
  /// The image, as messages call it.
  var image: String
  /// Voxels of a core: one number, or one an axis; `nil` goes by the memory.
  var shape: [Int]?
  /// Voxels that a tile reads beyond its core; `nil` goes by the method.
  var overlap: Overlap?
  /// How often the halo holds what the method looks around: twice where tiles are blended inside it.
  var fields = 1
  /// Whether tiles read anything beyond their cores where nobody says so.
  var needsHalo = true
  var threads: Int?
  var memory: MemoryBudget?
  /// What programs may take of a graphics processor, and what a tile takes of it; `nil` where that is not known.
  var graphics: (available: MemoryBudget, cost: GraphicsCost)?
}

/// The tiles of an image: as large as the memory allows, up to a size beyond which nothing is gained.
struct TileSizing {
  let grid: BlockGrid
  /// Voxels an axis that are read beyond the halo, whose labels are dropped.
  let margin: [Int]
  let tilesAtOnce: Int
  /// What one tile takes, and what the whole run is expected to, programs included.
  let tileBytes: Int
  let expectedMemory: Int
  /// What it may take.
  let memory: MemoryBudget
  /// The formula, with its numbers.
  let text: String
  /// What the user should know of the tiles; `nil` for nothing.
  let warning: String?

  /// Voxels a side that tiles have at the most.
  static func mostVoxels(rank: Int) -> Int { rank == 2 ? 2048 : 256 }

  /// What tiles are sized for where no budget is given, and how many of them at once.
  static let usualMemory = 8_000_000_000
  static let usualTilesAtOnce = 4

  /// Bytes of a tile's voxel, beside what the method needs: its channels, labels as found and as numbered, their parts.
  static func bytesPerVoxel(channels: Int) -> Double { 4 * Double(channels) + 12 }

  /// - Parameters:
  ///   - resident: bytes that the image keeps in memory.
  ///   - frozen: the tiles of a run that is gone on with.
  /// - Throws: `PipelineError` where a tile was asked for that cannot be, or the memory is too small for any.
  init(
    extent: Extent, requirements: SegmenterRequirements, diameter: [Double]?, channels: Int, request: TileRequest,
    resident: Int, frozen: BlockGrid?
  ) throws {
    let rank = extent.rank
    let threads = ThreadCount.resolved(request.threads)
    let memory = request.memory ?? .available()
    let stride = requirements.stride(rank: rank)
    let perVoxel = Self.bytesPerVoxel(channels: channels) + requirements.bytesPerVoxel
    let available = memory.bytes - MemoryModel.base - resident
    func grid(_ core: [Int]) -> BlockGrid {
      let clipped = zip(core, extent.lengths).map(min)
      let halo = Self.halo(core: clipped, extent: extent, requirements: requirements, diameter: diameter, request: request)
      // Tiles begin at multiples of the stride: cores and halos are. Along an axis with one tile there is nothing beyond it.
      let aligned = (0..<rank).map { axis in
        if clipped[axis] == extent[axis] { return 0 }
        let up = (halo[axis] + stride[axis] - 1) / stride[axis] * stride[axis]
        return up < clipped[axis] ? up : max(0, (clipped[axis] - 1) / stride[axis] * stride[axis])
      }
      return BlockGrid(extent: extent, core: Extent(clipped), halo: Extent(aligned))
    }
    func padded(_ grid: BlockGrid) -> Extent {
      let margin = Self.margin(grid, requirements)
      return Extent((0..<rank).map { min(grid.core[$0] + 2 * (grid.halo[$0] + margin[$0]), extent[$0]) })
    }
    func bytes(_ grid: BlockGrid) -> Int { requirements.fixedBytes + Int(perVoxel * Double(padded(grid).count)) }
    func fitsGraphics(_ grid: BlockGrid) -> Bool {
      request.graphics.map { $0.cost.bytes(voxels: padded(grid).count) <= $0.available.bytes } ?? true
    }
    func atOnce(_ grid: BlockGrid) -> Int { min(threads, available / max(1, bytes(grid))) }
    // The same tiles whatever the threads and, where no budget is given, whatever else is in memory.
    let nominal = (request.memory?.bytes ?? Self.usualMemory) - MemoryModel.base - resident
    func fits(_ grid: BlockGrid) -> Int { min(Self.usualTilesAtOnce, nominal / max(1, bytes(grid))) }
    let chosen: BlockGrid
    var isSmaller = false
    if let frozen {
      chosen = frozen
    } else if let shape = request.shape {
      guard shape.count == 1 || shape.count == rank else {
        throw PipelineError(
          "--tile-shape names \(shape.count) axes, and \(request.image) has \(rank)", hint: "give one length, or one for each axis, z,y,x")
      }
      let core = (0..<rank).map { shape[shape.count == 1 ? 0 : $0] }
      if let axis = (0..<rank).first(where: { core[$0] % stride[$0] != 0 && core[$0] < extent[$0] }) {
        throw PipelineError(
          "a tile of \(core[axis]) voxels is no multiple of \(stride[axis]), to whose multiples the method's tiles begin",
          hint: "choose \((core[axis] / stride[axis] + 1) * stride[axis]), or leave --tile-shape out")
      }
      chosen = grid(core)
    } else {
      let chunk = PyramidLayout.standardChunk(rank: rank, .uint32)
      var candidates: [BlockGrid] = []
      var side = Self.mostVoxels(rank: rank)
      while side >= 32 {
        candidates.append(
          grid(
            (0..<rank).map { axis in
              let step = side >= chunk[axis] ? chunk[axis] : stride[axis]
              return max(step, side / step * step)
            }))
        side /= 2
      }
      // As many voxels of cores at once for as few read as can be; of equal ones the larger tile.
      func yield(_ grid: BlockGrid) -> Double {
        Double(min(fits(grid), grid.count) * grid.core.count) / Double(padded(grid).count)
      }
      let possible = candidates.filter { atOnce($0) >= 1 && fitsGraphics($0) }
      var best = possible.first ?? candidates[candidates.count - 1]
      for candidate in possible.dropFirst() where yield(candidate) > 1.001 * yield(best) { best = candidate }
      chosen = best
      isSmaller = candidates.contains { atOnce($0) < 1 && yield($0) > 1.001 * yield(best) }
    }
    guard atOnce(chosen) >= 1 else {
      throw MemoryModel.tooLittle(memory, for: "a tile of \(chosen.core)", of: MemoryModel.base + resident + bytes(chosen))
    }
    self.grid = chosen
    margin = Self.margin(chosen, requirements)
    tilesAtOnce = min(atOnce(chosen), max(1, chosen.count))
    tileBytes = bytes(chosen)
    expectedMemory = MemoryModel.base + resident + tilesAtOnce * tileBytes
    self.memory = memory
    // Even the smallest tile: whether it does not fit is the program's to find out.
    let tooLarge =
      fitsGraphics(chosen)
      ? nil : "tiles of \(chosen.core) are expected to take more of the graphics processor than is free: it may run out of memory"
    let warnings = [
      tooLarge ?? Self.warning(chosen, requirements: requirements, diameter: diameter, request: request),
      Self.shortened(chosen, request), Self.tiny(chosen, request),
    ].compactMap { $0 }
    warning = warnings.isEmpty ? nil : warnings.joined(separator: "; ")
    let further = margin.contains { $0 > 0 } ? ", read \(Extent(margin)) further" : ""
    text =
      "\(chosen.count) tile\(chosen.count == 1 ? "" : "s") of \(chosen.core) with a halo of \(chosen.halo)\(further): "
      + "\(MemoryBudget.describe(requirements.fixedBytes + MemoryModel.base + resident)) + \(Int(perVoxel.rounded(.up))) bytes × "
      + "\(padded(chosen)) = "
      + "\(MemoryBudget.describe(bytes(chosen))) a tile, \(tilesAtOnce) at once within \(memory)"
      + (request.graphics.map {
        "; on the graphics processor \(MemoryBudget.describe($0.cost.bytes(voxels: padded(chosen).count))) within \($0.available), one at a time"
      } ?? "")
      + (isSmaller ? "; with more memory tiles would be larger" : "")
  }

  /// Voxels that a tile reads beyond its core: what is asked for, else two diameters and no less than the method looks around.
  private static func halo(
    core: [Int], extent: Extent, requirements: SegmenterRequirements, diameter: [Double]?, request: TileRequest
  ) -> [Int] {
    if let overlap = request.overlap { return overlap.halo(core: Extent(core)).lengths }
    if !request.needsHalo { return core.map { _ in 0 } }
    return core.indices.map { axis in
      // Of objects of unknown size, a part of the tile.
      let wanted = diameter.map { 2 * $0[axis] } ?? 0.15 * Double(core[axis])
      return max(0, min(max(Int(wanted.rounded(.up)), request.fields * field(requirements, axis)), core[axis] - 1))
    }
  }

  /// Voxels that a tile reads beyond its halo: what the method wants, as long as halo and margin are no more than it looks around.
  private static func margin(_ grid: BlockGrid, _ requirements: SegmenterRequirements) -> [Int] {
    (0..<grid.rank).map { axis in
      guard !requirements.margin.isEmpty, grid.core[axis] < grid.extent[axis] else { return 0 }
      return max(0, min(requirements.margin[axis], field(requirements, axis) - grid.halo[axis]))
    }
  }

  private static func field(_ requirements: SegmenterRequirements, _ axis: Int) -> Int {
    requirements.receptiveField.isEmpty ? 0 : requirements.receptiveField[axis]
  }

  /// What to say where a halo is narrower than was asked for.
  private static func shortened(_ grid: BlockGrid, _ request: TileRequest) -> String? {
    guard case .voxels(let asked)? = request.overlap else { return nil }
    for axis in 0..<grid.rank where grid.core[axis] < grid.extent[axis] && grid.halo[axis] < asked {
      return
        "--overlap \(asked)vx is more than tiles of \(grid.core) can have, since a halo stays below the tile's length: it is \(grid.halo)"
    }
    return nil
  }

  /// Tiles from which on it is said that they are small, and voxels of a core that are.
  private static let many = 10_000
  private static let few = 1024

  /// What to say where tiles of a shape that was asked for are so many and so small that little else is done than to keep account of them.
  private static func tiny(_ grid: BlockGrid, _ request: TileRequest) -> String? {
    guard request.shape != nil, grid.count >= many, grid.core.count < few else { return nil }
    return
      "\(grid.count) tiles of \(grid.core): each is a task with files of its own, which take longer than its voxels; choose larger tiles"
  }

  /// What to say where tiles see less around their cores than the method looks at, or than objects are large.
  private static func warning(
    _ grid: BlockGrid, requirements: SegmenterRequirements, diameter: [Double]?, request: TileRequest
  ) -> String? {
    guard request.needsHalo else { return nil }
    for axis in 0..<grid.rank where grid.core[axis] < grid.extent[axis] {
      let needed = max(diameter.map { Int($0[axis].rounded(.up)) } ?? 0, field(requirements, axis))
      if grid.halo[axis] < needed {
        return
          "tiles of \(grid.core) have a halo of \(grid.halo), and the method looks at \(needed) voxels around: what it finds near their "
          + "borders may differ from what it would find in one piece; choose larger tiles, or a wider --overlap"
      }
    }
    return nil
  }
}
