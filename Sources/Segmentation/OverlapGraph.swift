// SPDX-License-Identifier: Apache-2.0

/// Objects of tiles as nodes, and an edge for every two of different tiles that meet.
struct OverlapGraph {
  struct Edge {
    var a: UInt32
    var b: UInt32
    var voxels: UInt32
    var coreA: UInt32
    var coreB: UInt32
    /// Voxels of each that the other's tile sees.
    var presenceA: UInt32 = 0
    var presenceB: UInt32 = 0
  }

  /// An edge as one of its nodes sees it.
  struct Neighbour {
    /// The number of the edge.
    var edge: Int
    /// The other node.
    var node: Int
    var voxels: Int
    /// How many of those lie in the core of this node's tile.
    var ownCore: Int
    /// Voxels of this node that the other's tile sees.
    var ownPresence: Int
    var otherPresence: Int

    /// In the voxels that both tiles see.
    var intersectionOverUnion: Double {
      let union = ownPresence + otherPresence - voxels
      return union > 0 ? Double(voxels) / Double(union) : 0
    }
  }

  private(set) var edges: [Edge]
  private(set) var objects: [TileObject]
  /// For each node, where its edges begin in `incident`.
  private var starts: [Int]
  private var incident: [UInt32]

  /// - Parameters:
  ///   - overlaps: each pair once, sorted.
  ///   - nodes: tile and label of each node, sorted.
  init(_ overlaps: [TileOverlap], _ nodes: [UInt64]) {
    func index(_ tile: UInt32, _ label: UInt32) -> UInt32 {
      let key = UInt64(tile) << 32 | UInt64(label)
      var (low, high) = (0, nodes.count)
      while low < high {
        let middle = (low + high) / 2
        if nodes[middle] < key { low = middle + 1 } else { high = middle }
      }
      return UInt32(low)
    }
    let edges = overlaps.map {
      Edge(
        a: index($0.tileA, $0.labelA), b: index($0.tileB, $0.labelB), voxels: $0.voxels, coreA: $0.coreA, coreB: $0.coreB)
    }
    var starts = [Int](repeating: 0, count: nodes.count + 1)
    for edge in edges {
      starts[Int(edge.a) + 1] += 1
      starts[Int(edge.b) + 1] += 1
    }
    for node in nodes.indices { starts[node + 1] += starts[node] }
    var next = starts
    var incident = [UInt32](repeating: 0, count: 2 * edges.count)
    for (number, edge) in edges.enumerated() {
      for node in [Int(edge.a), Int(edge.b)] {
        incident[next[node]] = UInt32(number)
        next[node] += 1
      }
    }
    self.edges = edges
    self.starts = starts
    self.incident = incident
    objects = [TileObject](repeating: TileObject(), count: nodes.count)
  }

  /// Takes in what a tile knows of its objects.
  ///
  /// - Parameters:
  ///   - tile: its number.
  ///   - range: its nodes.
  ///   - neighbour: the number of a tile around it, by its code.
  mutating func fill(_ tile: Int, _ nodes: [UInt64], _ range: Range<Int>, _ known: ObjectMerger.Tile, neighbour: (Int) -> Int) {
    var row = 0
    for node in range {
      let label = UInt32(truncatingIfNeeded: nodes[node])
      objects[node] = known.objects[Int(label) - 1]
      while row < known.presences.count, known.presences[row].label < label { row += 1 }
      while row < known.presences.count, known.presences[row].label == label {
        let (other, voxels) = (neighbour(known.presences[row].neighbour), UInt32(known.presences[row].voxels))
        for number in incident[starts[node]..<starts[node + 1]] {
          let edge = Int(number)
          if Int(edges[edge].a) == node {
            if Int(nodes[Int(edges[edge].b)] >> 32) == other { edges[edge].presenceA = voxels }
          } else if Int(nodes[Int(edges[edge].a)] >> 32) == other {
            edges[edge].presenceB = voxels
          }
        }
        row += 1
      }
    }
  }

  /// The edges of a node, in the order of the nodes at their other ends.
  func neighbours(of node: Int) -> some Sequence<Neighbour> {
    incident[starts[node]..<starts[node + 1]].lazy.map { number in
      let edge = edges[Int(number)]
      let isA = Int(edge.a) == node
      return Neighbour(
        edge: Int(number), node: Int(isA ? edge.b : edge.a), voxels: Int(edge.voxels), ownCore: Int(isA ? edge.coreA : edge.coreB),
        ownPresence: Int(isA ? edge.presenceA : edge.presenceB), otherPresence: Int(isA ? edge.presenceB : edge.presenceA))
    }
  }
}
