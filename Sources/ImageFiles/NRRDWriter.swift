// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// Writes planes as an NRRD file with its header attached; channels are an axis behind the spatial
/// ones, times the one behind that.
///
/// See <https://teem.sourceforge.net/nrrd/format.html>.
struct NRRDWriter<Stored: VoxelScalar> {
  let planes: PlaneReader<Stored>
  let path: String
  let options: ImageFileOptions

  func write() throws {
    var file = try AtomicFile(path: path)
    try file.append(Array(header.utf8))
    if options.compressionLevel == 0 {
      try planes.forEachRows(.timeByTime, rowStep: 1) { _, _, bytes in try file.append(bytes) }
    } else {
      var gzip = GzipStream(level: options.compressionLevel)
      try file.append(GzipStream.header)
      try planes.forEachRows(.timeByTime, rowStep: 1) { _, _, bytes in try file.append(gzip.append(bytes)) }
      try file.append(gzip.finish())
    }
    try file.commit()
  }

  private var header: String {
    let space = planes.space.converted(to: .millimeter)
    let rank = space.rank
    let (hasChannels, hasTimes) = (planes.channels > 1, planes.times > 1)
    // ITK wants time to be an axis of the world.
    let world = rank + (hasTimes ? 1 : 0)
    func vector(_ values: [Double]) -> String { "(" + values.map { "\(Self.plain($0))" }.joined(separator: ",") + ")" }
    var (sizes, kinds) = (Array(planes.extent.lengths.reversed()), [String](repeating: "domain", count: rank))
    // Axis and world coordinate x first, as ITK has them.
    var directions = (0..<rank).reversed().map { axis in
      vector((0..<rank).reversed().map { space.direction[$0][axis] * space.spacing[axis] } + (hasTimes ? [0] : []))
    }
    if hasChannels {
      sizes.append(planes.channels)
      kinds.append("vector")
      directions.append("none")
    }
    if hasTimes {
      sizes.append(planes.times)
      kinds.append("time")
      directions.append(vector([Double](repeating: 0, count: rank) + [1]))
    }
    var lines = ["NRRD0005", "type: \(Self.name(Stored.voxelType))", "dimension: \(sizes.count)"]
    lines.append(rank == 3 ? "space: left-posterior-superior" + (hasTimes ? "-time" : "") : "space dimension: \(world)")
    lines.append("sizes: " + sizes.map(String.init).joined(separator: " "))
    lines.append("space directions: " + directions.joined(separator: " "))
    lines.append("kinds: " + kinds.joined(separator: " "))
    if Stored.voxelType.size > 1 { lines.append("endian: little") }
    lines.append("encoding: " + (options.compressionLevel == 0 ? "raw" : "gzip"))
    if space.unit == .millimeter {
      lines.append("space units: " + ([String](repeating: "\"mm\"", count: rank) + (hasTimes ? ["\"\""] : [])).joined(separator: " "))
    }
    lines.append("space origin: " + vector(space.origin.reversed() + (hasTimes ? [0] : [])))
    return lines.joined(separator: "\n") + "\n\n"
  }

  private static func plain(_ value: Double) -> Double { value == 0 ? 0 : value }

  private static func name(_ type: VoxelType) -> String {
    switch type {
    case .float32: "float"
    case .float64: "double"
    default: type.rawValue
    }
  }
}
