// SPDX-License-Identifier: Apache-2.0

/// Decides which objects of all tiles become which objects of the image.
///
/// Only objects that meet one of another tile are held; all others are decided on when their tile is looked at. The order of decisions follows
/// from the data alone. Under `MergeRule.hybrid`:
///
/// 1. Objects that no border of their tile cuts are pasted whole, unless half of one is covered by those before it: first those whose centroid
///    their tile's core holds, the most interior first, then those whose centroid lies up to `orphanDistance` outside, then those that the
///    tile of their centroid sees cut.
/// 2. Of objects that are cut, what lies in their tile's core is kept, unless half of that is covered. Two of them are one where each is the
///    other's best by intersection over union in the voxels that both tiles read.
///
/// Ids are 1, 2, … in the order of tiles and their labels.
package struct ObjectMerger {
  /// What one tile knows of itself.
  package struct Tile: Sendable {
    /// Its objects, label 1 first.
    package var objects: [TileObject]
    /// What of them the neighbours see, too.
    package var presences: [TilePresence]

    /// A tile's objects.
    package init(objects: [TileObject], presences: [TilePresence]) {
      self.objects = objects
      self.presences = presences
    }
  }

  /// What becomes of a tile's objects.
  package struct Assignment: Sendable, Hashable {
    /// The object of the image that each label becomes part of; 0 where it is dropped.
    package var ids: [UInt64]
    /// Where several tiles claim a voxel, the least rank has it. `pieceRank`: what is written inside the tile's core alone.
    package var ranks: [UInt32]

    /// What becomes of labels 1, 2, …
    package init(ids: [UInt64], ranks: [UInt32]) { (self.ids, self.ranks) = (ids, ranks) }
  }

  /// The rank of objects that end at their tile's core.
  package static let pieceRank = UInt32.max
  /// Voxels beyond its core up to which a tile may own a centroid that the neighbour did not claim.
  package static let orphanDistance = 3.0

  private let rule: MergeRule
  private let minimumVoxels: Int
  private let centre: Int
  private var overlaps: [TileOverlap] = []
  /// Tile and label of the objects that meet another.
  private var nodes: [UInt64] = []

  /// A merger of tiles of an image of that many axes.
  ///
  /// - Parameter minimumVoxels: objects of less are dropped.
  package init(rule: MergeRule, rank: Int, minimumVoxels: Int = 0) {
    self.rule = rule
    self.minimumVoxels = minimumVoxels
    centre = (0..<rank).reduce(0) { code, _ in 3 * code + 1 }
  }

  /// Takes in what meets in the core of one tile.
  package mutating func add(_ overlaps: [TileOverlap]) { self.overlaps += overlaps }

  /// Decides, and tells of each tile what becomes of its objects, tiles in order.
  ///
  /// - Parameters:
  ///   - tileCount: how many tiles there are.
  ///   - neighbour: the tile that another one knows under a code.
  ///   - tile: reads what a tile knows; called up to twice for each.
  ///   - sink: takes what becomes of the objects of a tile.
  /// - Returns: how many objects the image has.
  /// - Complexity: O(objects + n log n) for n pairs that meet; memory O(n) and one tile.
  package mutating func merge(
    tileCount: Int, neighbour: (_ tile: Int, _ code: Int) -> Int, tile: (Int) throws -> Tile,
    sink: (_ tile: Int, Assignment) throws -> Void
  ) throws -> UInt64 {
    combine()
    var graph = OverlapGraph(overlaps, nodes)
    overlaps = []
    for (number, range) in nodeRanges() {
      try graph.fill(number, nodes, range, tile(number)) { neighbour(number, $0) }
    }
    var decision = Decision(count: nodes.count)
    switch rule {
    case .hybrid:
      paste(graph, &decision, neighbour)
      keepCut(graph, &decision)
      joinBest(graph, &decision)
    case .haloIoU:
      keepAll(graph, &decision)
      joinBest(graph, &decision)
    case .face:
      keepAll(graph, &decision)
      for edge in graph.edges.indices { decision.join(Int(graph.edges[edge].a), Int(graph.edges[edge].b)) }
    case .none: keepAll(graph, &decision)
    }
    dropSmall(graph, &decision)
    return try number(tileCount, &decision, tile, sink)
  }

  /// Sums what was found of each pair in different cores, and lists the objects that meet another.
  private mutating func combine() {
    func key(_ overlap: TileOverlap) -> (UInt64, UInt64) {
      (UInt64(overlap.tileA) << 32 | UInt64(overlap.labelA), UInt64(overlap.tileB) << 32 | UInt64(overlap.labelB))
    }
    overlaps.sort { key($0) < key($1) }
    var kept = 0
    for overlap in overlaps {
      if kept > 0, key(overlaps[kept - 1]) == key(overlap) {
        overlaps[kept - 1].voxels += overlap.voxels
        overlaps[kept - 1].coreA += overlap.coreA
        overlaps[kept - 1].coreB += overlap.coreB
      } else {
        overlaps[kept] = overlap
        kept += 1
      }
    }
    overlaps.removeLast(overlaps.count - kept)
    nodes = overlaps.flatMap { [key($0).0, key($0).1] }
    nodes.sort()
    var unique = 0
    for node in nodes where unique == 0 || nodes[unique - 1] != node {
      nodes[unique] = node
      unique += 1
    }
    nodes.removeLast(nodes.count - unique)
  }

  /// The nodes of each tile that has some.
  private func nodeRanges() -> [(tile: Int, nodes: Range<Int>)] {
    var ranges: [(tile: Int, nodes: Range<Int>)] = []
    for (index, node) in nodes.enumerated() {
      let tile = Int(node >> 32)
      if ranges.last?.tile == tile {
        ranges[ranges.count - 1].nodes = ranges[ranges.count - 1].nodes.lowerBound..<index + 1
      } else {
        ranges.append((tile, index..<index + 1))
      }
    }
    return ranges
  }

  /// What was decided of the nodes.
  private struct Decision {
    enum Fate: UInt8 {
      case dropped, whole, piece
    }

    var fates: [Fate]
    var ranks: [UInt32]
    private var sets: DisjointSets

    init(count: Int) {
      fates = [Fate](repeating: .dropped, count: count)
      ranks = [UInt32](repeating: ObjectMerger.pieceRank, count: count)
      sets = DisjointSets(count: count)
    }

    mutating func join(_ a: Int, _ b: Int) {
      if fates[a] == .piece && fates[b] == .piece { sets.join(a, b) }
    }

    mutating func representative(of node: Int) -> Int { sets.representative(of: node) }
  }

  /// Pastes whole objects, the surest first.
  private func paste(_ graph: OverlapGraph, _ decision: inout Decision, _ neighbour: (Int, Int) -> Int) {
    struct Candidate {
      var node: Int
      var order: Int
      var depth: Int
    }
    var candidates: [Candidate] = []
    for node in nodes.indices {
      let object = graph.objects[node]
      guard !object.isCut, object.voxels >= minimumVoxels else { continue }
      let order: Int
      if object.owner == centre {
        order = 0
      } else if object.distance <= Self.orphanDistance {
        order = 1
      } else if isCutInTheTileOfItsCentroid(node, graph, neighbour) {
        order = 2
      } else {
        continue
      }
      candidates.append(Candidate(node: node, order: order, depth: object.depth))
    }
    // Nodes are in the order of tiles and labels already.
    candidates.sort { ($0.order, -$0.depth, $0.node) < ($1.order, -$1.depth, $1.node) }
    var rank = UInt32(1)
    for candidate in candidates {
      let covered = graph.neighbours(of: candidate.node).reduce(0) { sum, edge in
        decision.fates[edge.node] == .whole ? sum + edge.voxels : sum
      }
      if 2 * covered >= graph.objects[candidate.node].voxels { continue }
      decision.fates[candidate.node] = .whole
      decision.ranks[candidate.node] = rank
      rank += 1
    }
  }

  /// Whether the tile whose core holds the centroid sees the object, but not whole.
  private func isCutInTheTileOfItsCentroid(_ node: Int, _ graph: OverlapGraph, _ neighbour: (Int, Int) -> Int) -> Bool {
    let owner = neighbour(Int(nodes[node] >> 32), graph.objects[node].owner)
    return graph.neighbours(of: node).contains { edge in
      Int(nodes[edge.node] >> 32) == owner && graph.objects[edge.node].isCut && 2 * edge.voxels >= edge.ownPresence
    }
  }

  /// Keeps what lies in the core of objects that are cut, where it is not covered.
  private func keepCut(_ graph: OverlapGraph, _ decision: inout Decision) {
    for node in nodes.indices where graph.objects[node].isCut && graph.objects[node].coreVoxels > 0 {
      let covered = graph.neighbours(of: node).reduce(0) { sum, edge in
        decision.fates[edge.node] == .whole ? sum + edge.ownCore : sum
      }
      if 2 * covered < graph.objects[node].coreVoxels { decision.fates[node] = .piece }
    }
  }

  /// Keeps what lies in the core of every object.
  private func keepAll(_ graph: OverlapGraph, _ decision: inout Decision) {
    for node in nodes.indices where graph.objects[node].coreVoxels > 0 { decision.fates[node] = .piece }
  }

  /// Joins pieces of different tiles that are each other's best.
  private func joinBest(_ graph: OverlapGraph, _ decision: inout Decision) {
    // Which of its two nodes each edge is the best one of, in the other's tile.
    var isBest = [SIMD2<UInt8>](repeating: SIMD2(), count: graph.edges.count)
    for node in nodes.indices where decision.fates[node] == .piece {
      var best: (edge: Int, tile: UInt64, iou: Double)?
      func settle() {
        if let best { isBest[best.edge][Int(graph.edges[best.edge].a) == node ? 0 : 1] = 1 }
      }
      // In the order of the other nodes, and so of their tiles; of equal ones the first counts.
      for edge in graph.neighbours(of: node) where decision.fates[edge.node] == .piece {
        let (tile, iou) = (nodes[edge.node] >> 32, edge.intersectionOverUnion)
        guard iou >= rule.minimumIoU else { continue }
        if let known = best, known.tile == tile {
          if iou > known.iou { best = (edge.edge, tile, iou) }
        } else {
          settle()
          best = (edge.edge, tile, iou)
        }
      }
      settle()
    }
    for edge in graph.edges.indices where isBest[edge] == SIMD2(1, 1) {
      decision.join(Int(graph.edges[edge].a), Int(graph.edges[edge].b))
    }
  }

  /// Drops pieces of objects that are too small together.
  private func dropSmall(_ graph: OverlapGraph, _ decision: inout Decision) {
    guard minimumVoxels > 1 else { return }
    var sizes = [Int](repeating: 0, count: nodes.count)
    for node in nodes.indices where decision.fates[node] == .piece {
      sizes[decision.representative(of: node)] += graph.objects[node].coreVoxels
    }
    for node in nodes.indices where decision.fates[node] == .piece && sizes[decision.representative(of: node)] < minimumVoxels {
      decision.fates[node] = .dropped
    }
  }

  /// What becomes of an object that meets no other.
  private func fate(ofLone object: TileObject) -> Decision.Fate {
    if rule == .hybrid && !object.isCut {
      let isOwn = object.owner == centre || object.distance <= Self.orphanDistance
      return isOwn && object.voxels >= minimumVoxels ? .whole : .dropped
    }
    return object.coreVoxels > 0 && object.coreVoxels >= minimumVoxels ? .piece : .dropped
  }

  /// Gives ids in the order of tiles and labels.
  private func number(
    _ tileCount: Int, _ decision: inout Decision, _ tile: (Int) throws -> Tile, _ sink: (Int, Assignment) throws -> Void
  ) throws -> UInt64 {
    var count = UInt64(0)
    var ids = [UInt64](repeating: 0, count: nodes.count)
    var node = 0
    for number in 0..<tileCount {
      let objects = try tile(number).objects
      var assignment = Assignment(ids: [], ranks: [])
      assignment.ids.reserveCapacity(objects.count)
      assignment.ranks.reserveCapacity(objects.count)
      for (index, object) in objects.enumerated() {
        var fate: Decision.Fate
        var rank = Self.pieceRank
        var id = UInt64(0)
        if node < nodes.count, nodes[node] == UInt64(number) << 32 | UInt64(index + 1) {
          (fate, rank) = (decision.fates[node], decision.ranks[node])
          let first = decision.representative(of: node)
          if fate == .piece && first != node {
            id = ids[first]
          } else if fate != .dropped {
            count += 1
            id = count
          }
          ids[node] = id
          node += 1
        } else {
          fate = self.fate(ofLone: object)
          if fate != .dropped {
            count += 1
            id = count
          }
          if fate == .whole { rank = 0 }
        }
        assignment.ids.append(id)
        assignment.ranks.append(rank)
      }
      try sink(number, assignment)
    }
    return count
  }
}
