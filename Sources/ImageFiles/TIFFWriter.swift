// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Writes planes as pages of a TIFF file: first the strips of all, then the directories.
///
/// See TIFF 6.0 <https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf>; BigTIFF <http://bigtiff.org>; the description is ImageJ's.
struct TIFFWriter<Stored: VoxelScalar> {
  let planes: PlaneReader<Stored>
  let path: String
  let options: ImageFileOptions

  /// Where the strips of a page lie, and how long they are.
  private struct Page {
    var offsets: [Int] = []
    var counts: [Int] = []
  }

  func write() throws {
    // Compressed or not, the choice depends on the voxels' number alone.
    let isBig = planes.byteCount + planes.byteCount / 64 + planes.pages * 512 >= 4_000_000_000
    let layout = TIFFDirectory.Layout(isBig: isBig)
    var file = try AtomicFile(path: path)
    try file.append(layout.header)
    var end = layout.header.count
    var pages = [Page](repeating: Page(), count: planes.pages)
    let rowsPerStrip = max(1, min(planes.height, (256 << 10) / max(1, planes.rowSize)))
    try planes.forEachRows(.planeByPlane, rowStep: rowsPerStrip) { plane, row, bytes in
      for start in stride(from: 0, to: bytes.count, by: rowsPerStrip * planes.rowSize) {
        let rows = Array(bytes[start..<min(start + rowsPerStrip * planes.rowSize, bytes.count)])
        let strip = options.compressionLevel > 0 ? Deflate.zlibStream(rows, level: options.compressionLevel) : rows
        try file.append(strip)
        pages[plane].offsets.append(end)
        pages[plane].counts.append(strip.count)
        end += strip.count
      }
    }
    if end % 2 == 1 {
      try file.append([0])
      end += 1
    }
    try file.overwrite(at: layout.firstDirectoryPlace, layout.word(end))
    for (number, page) in pages.enumerated() {
      let directory = directory(page, isFirst: number == 0, rowsPerStrip: rowsPerStrip)
      let bytes = directory.bytes(layout, at: end, isLast: number == pages.count - 1)
      try file.append(bytes)
      end += bytes.count
    }
    try file.commit()
  }

  private func directory(_ page: Page, isFirst: Bool, rowsPerStrip: Int) -> TIFFDirectory {
    var directory = TIFFDirectory()
    let type = Stored.voxelType
    directory.add(256, .long, [planes.width])
    directory.add(257, .long, [planes.height])
    directory.add(258, .short, [type.size * 8])
    directory.add(259, .short, [options.compressionLevel > 0 ? 8 : 1])
    directory.add(262, .short, [1])
    if isFirst { directory.add(270, text: description) }
    directory.add(273, .offset, page.offsets)
    directory.add(277, .short, [1])
    directory.add(278, .long, [rowsPerStrip])
    directory.add(279, .offset, page.counts)
    let spacing = planes.space.spacing
    directory.add(282, .rational, Self.resolution(spacing[spacing.count - 1]))
    directory.add(283, .rational, Self.resolution(spacing[spacing.count - 2]))
    directory.add(296, .short, [1])
    directory.add(339, .short, [!type.isInteger ? 3 : type.rawValue.hasPrefix("u") ? 1 : 2])
    return directory
  }

  private var description: String {
    var lines = ["ImageJ=1.53t", "images=\(planes.pages)"]
    if planes.channels > 1 { lines.append("channels=\(planes.channels)") }
    if planes.extent.rank == 3 {
      lines.append("slices=\(planes.depth)")
      lines.append("spacing=\(planes.space.spacing[0])")
    }
    if planes.times > 1 { lines.append("frames=\(planes.times)") }
    // More than one thing is counted.
    if [planes.channels > 1, planes.times > 1, planes.extent.rank == 3].count(where: { $0 }) > 1 { lines.append("hyperstack=true") }
    if let unit = planes.space.unit { lines.append("unit=\(unit == .micrometer ? "micron" : unit.name)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Pixels per unit as a fraction that is exact for spacings of few decimals.
  private static func resolution(_ spacing: Double) -> [Int] {
    var scale = 1.0
    while scale < 1e9 && spacing * scale * 10 < 4e9 { scale *= 10 }
    return [Int(min(scale, 4e9)), max(1, Int(min((spacing * scale).rounded(), 4e9)))]
  }
}
