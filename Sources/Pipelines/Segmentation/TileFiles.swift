// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Segmentation
internal import Volumes

/// What the tiles found, one file a tile that holds objects: its objects, what the neighbours see of them, and its labels in parts: in its own
/// core, in the core of each neighbour that its halo reaches, and on the faces of its core that the neighbour before it touches.
///
/// So a tile's core is merged and written by reading one part of each tile around it.
struct TileFiles {
  /// The folder of the files.
  let folder: URL
  let grid: BlockGrid
  let rule: MergeRule

  /// Tiles are numbered time by time, in the order of the grid.
  func block(_ tile: Int) -> Block { grid[tile % grid.count] }

  /// The first tile of the time of a tile.
  private func base(_ tile: Int) -> Int { tile / grid.count * grid.count }

  func name(_ tile: Int) -> String { "tile-\(tile).labels" }

  private func url(_ tile: Int) -> URL { folder.appendingPathComponent(name(tile)) }

  /// Whether a tile holds objects.
  func hasObjects(_ tile: Int) -> Bool { FileManager.default.fileExists(atPath: url(tile).path) }

  func neighbours(_ block: Block) -> [TileNeighbour] {
    rule == .none ? [] : grid.neighbours(of: block, isByFace: !rule.usesHalo)
  }

  /// The tile that another one knows under a code.
  func neighbour(of tile: Int, code: Int) -> Int { base(tile) + grid.neighbour(of: tile - base(tile), code: code) }

  /// Writes what a tile found.
  ///
  /// - Returns: the bytes of the file.
  func write(_ labels: TileLabels, _ tile: Int) throws -> Int {
    let block = block(tile)
    let neighbours = neighbours(block)
    var contents = SectionedFile.Contents()
    let objects = labels.objects(of: block, in: grid.extent)
    try contents.add("voxels", objects.map { Int64($0.voxels) })
    try contents.add("coreVoxels", objects.map { Int64($0.coreVoxels) })
    try contents.add("depth", objects.map { Int64($0.depth) })
    try contents.add("distance", objects.map(\.distance))
    try contents.add("owner", objects.map { UInt8($0.owner) })
    let presences = labels.presences(of: block, among: neighbours)
    try contents.add("presence labels", presences.map(\.label))
    try contents.add("presence neighbours", presences.map { UInt8($0.neighbour) })
    try contents.add("presence voxels", presences.map { Int64($0.voxels) })
    func add(_ name: String, _ box: Box) throws {
      try contents.add(name, labels.voxels.cropped(to: box.relative(to: block.extended.lower)).elements, areLabels: true)
    }
    try add("core", block.core)
    for neighbour in neighbours {
      if let axis = neighbour.contactAxis {
        if neighbour.offset[axis] < 0 { try add("face \(axis)", block.contactPlane(axis, isUpper: false)) }
      } else {
        let reached = block.extended.intersection(neighbour.block.core)
        if !reached.isEmpty { try add("in \(neighbour.code)", reached) }
      }
    }
    return try contents.write(to: url(tile))
  }

  /// What a tile knows of its objects.
  func objects(_ tile: Int) throws -> ObjectMerger.Tile {
    guard hasObjects(tile) else { return ObjectMerger.Tile(objects: [], presences: []) }
    let file = try SectionedFile(url(tile))
    let (voxels, cores) = (try file.read("voxels", as: Int64.self), try file.read("coreVoxels", as: Int64.self))
    let (depths, distances) = (try file.read("depth", as: Int64.self), try file.read("distance", as: Double.self))
    let owners = try file.read("owner", as: UInt8.self)
    let objects = voxels.indices.map { index in
      TileObject(
        voxels: Int(voxels[index]), coreVoxels: Int(cores[index]), depth: Int(depths[index]),
        distance: distances[index], owner: Int(owners[index]))
    }
    let labels = try file.read("presence labels", as: UInt32.self)
    let neighbours = try file.read("presence neighbours", as: UInt8.self)
    let seen = try file.read("presence voxels", as: Int64.self)
    return ObjectMerger.Tile(
      objects: objects,
      presences: labels.indices.map { TilePresence(label: labels[$0], neighbour: Int(neighbours[$0]), voxels: Int(seen[$0])) })
  }

  /// What the tiles say of the core of one of them: itself, and those around it whose halo reaches there.
  func layers(inCoreOf tile: Int) throws -> [LabelLayer] {
    let block = block(tile)
    var layers: [LabelLayer] = []
    func add(_ number: Int, _ name: String, _ box: Box) throws {
      guard hasObjects(number) else { return }
      let labels = try SectionedFile(url(number)).read(name, as: UInt32.self)
      guard labels.count == box.count else { throw DamagedOutput(path: url(number).path, reason: "the list \(name) is another") }
      layers.append(LabelLayer(tile: number, voxels: VoxelBuffer(extent: box.extent, elements: labels), box: box))
    }
    try add(tile, "core", block.core)
    guard rule.usesHalo else { return layers }
    for neighbour in neighbours(block) where neighbour.contactAxis == nil {
      let reached = neighbour.block.extended.intersection(block.core)
      if reached.isEmpty { continue }
      try add(base(tile) + neighbour.block.number, "in \(neighbour.oppositeCode)", reached)
    }
    return layers
  }

  /// The objects that meet in the core of a tile, and those that touch across its upper faces.
  func overlaps(_ tile: Int) throws -> [TileOverlap] {
    let block = block(tile)
    let layers = try layers(inCoreOf: tile)
    var found = rule.usesHalo ? Segmentation.overlaps(of: layers, inCoreOf: tile) : []
    guard let own = layers.first(where: { $0.tile == tile }) else { return found }
    for neighbour in neighbours(block) {
      guard let axis = neighbour.contactAxis, neighbour.offset[axis] > 0 else { continue }
      let number = base(tile) + neighbour.block.number
      guard hasObjects(number) else { continue }
      let plane = block.contactPlane(axis, isUpper: true)
      let lower = LabelLayer(tile: tile, voxels: own.voxels.cropped(to: plane.relative(to: block.core.lower)), box: plane)
      let other = neighbour.block.contactPlane(axis, isUpper: false)
      let labels = try SectionedFile(url(number)).read("face \(axis)", as: UInt32.self)
      guard labels.count == other.count else { throw DamagedOutput(path: url(number).path, reason: "a face is another") }
      found += contacts(lower, LabelLayer(tile: number, voxels: VoxelBuffer(extent: other.extent, elements: labels), box: other))
    }
    return found
  }
}
