// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// Writes planes as an NRRD file with its header attached; channels are its slowest axis.
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
      try planes.forEachRows(.channelByChannel, rowStep: 1) { _, _, bytes in try file.append(bytes) }
    } else {
      var gzip = GzipStream(level: options.compressionLevel)
      try file.append(GzipStream.header)
      try planes.forEachRows(.channelByChannel, rowStep: 1) { _, _, bytes in try file.append(gzip.append(bytes)) }
      try file.append(gzip.finish())
    }
    try file.commit()
  }

  private var header: String {
    let space = planes.space.converted(to: .millimeter)
    let rank = space.rank
    let hasChannels = planes.channels.count > 1
    let sizes = planes.extent.lengths.reversed() + (hasChannels ? [planes.channels.count] : [])
    // Axis and world coordinate x first, as ITK has them.
    let directions = (0..<rank).reversed().map { axis in
      "(" + (0..<rank).reversed().map { "\(Self.plain(space.direction[$0][axis] * space.spacing[axis]))" }.joined(separator: ",") + ")"
    }
    var lines = ["NRRD0005", "type: \(Self.name(Stored.voxelType))", "dimension: \(sizes.count)"]
    lines.append(rank == 3 ? "space: left-posterior-superior" : "space dimension: \(rank)")
    lines.append("sizes: " + sizes.map(String.init).joined(separator: " "))
    lines.append("space directions: " + (directions + (hasChannels ? ["none"] : [])).joined(separator: " "))
    lines.append("kinds: " + ([String](repeating: "domain", count: rank) + (hasChannels ? ["vector"] : [])).joined(separator: " "))
    if Stored.voxelType.size > 1 { lines.append("endian: little") }
    lines.append("encoding: " + (options.compressionLevel == 0 ? "raw" : "gzip"))
    if space.unit == .millimeter { lines.append("space units: " + [String](repeating: "\"mm\"", count: rank).joined(separator: " ")) }
    lines.append("space origin: (" + space.origin.reversed().map { "\(Self.plain($0))" }.joined(separator: ",") + ")")
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
