// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Segmentation

/// The objects of different tiles that meet, one file for each tile in whose core some do.
struct OverlapFiles {
  let folder: URL

  func name(_ tile: Int) -> String { "tile-\(tile).overlaps" }

  func write(_ overlaps: [TileOverlap], _ tile: Int) throws -> Int {
    var contents = SectionedFile.Contents()
    try contents.add("tileA", overlaps.map(\.tileA))
    try contents.add("labelA", overlaps.map(\.labelA))
    try contents.add("tileB", overlaps.map(\.tileB))
    try contents.add("labelB", overlaps.map(\.labelB))
    try contents.add("voxels", overlaps.map(\.voxels))
    try contents.add("coreA", overlaps.map(\.coreA))
    try contents.add("coreB", overlaps.map(\.coreB))
    return try contents.write(to: folder.appendingPathComponent(name(tile)))
  }

  func read(_ tile: Int) throws -> [TileOverlap] {
    let file = try SectionedFile(folder.appendingPathComponent(name(tile)))
    func list(_ name: String) throws -> [UInt32] { try file.read(name, as: UInt32.self) }
    let (tileA, labelA, tileB, labelB) = (try list("tileA"), try list("labelA"), try list("tileB"), try list("labelB"))
    let (voxels, coreA, coreB) = (try list("voxels"), try list("coreA"), try list("coreB"))
    return tileA.indices.map {
      TileOverlap(
        tileA: tileA[$0], labelA: labelA[$0], tileB: tileB[$0], labelB: labelB[$0], voxels: voxels[$0], coreA: coreA[$0], coreB: coreB[$0])
    }
  }
}
