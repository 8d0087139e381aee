// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Volumes

/// What was measured of objects, a row an object; parts of an object add up.
///
/// Places are z, y, x; in 2D z is 0.
struct ObjectRows {
  /// One object, or what lies of it in a part of the image.
  struct Row {
    var voxels = 0
    /// The sums of the voxels' indices along each axis.
    var sums = SIMD3<Int>()
    /// The bounding box: the first voxel, and the last, along each axis.
    var first = SIMD3<Int>(repeating: .max)
    var last = SIMD3<Int>(repeating: -1)

    mutating func merge(_ other: Row) {
      voxels += other.voxels
      sums &+= other.sums
      first = pointwiseMin(first, other.first)
      last = pointwiseMax(last, other.last)
    }
  }

  /// How many channels are measured.
  let channels: Int
  private var places: [UInt64: Int] = [:]
  private(set) var rows: [Row] = []
  /// Of each channel, row by row: the sum of the intensities that are numbers, and how many are.
  private(set) var intensities: [Intensity] = []

  /// The intensities of a channel in an object.
  struct Intensity {
    var sum = 0.0
    var count = 0

    /// NaN where none is a number.
    var mean: Double { count == 0 ? .nan : sum / Double(count) }

    mutating func merge(_ other: Intensity) {
      sum += other.sum
      count += other.count
    }
  }

  init(channels: Int) { self.channels = channels }

  /// The row of a label; `nil` where nothing of it was seen.
  func row(_ label: UInt64) -> (row: Row, intensities: ArraySlice<Intensity>)? {
    places[label].map { (rows[$0], intensities[$0 * channels..<($0 + 1) * channels]) }
  }

  private mutating func place(_ label: UInt64) -> Int {
    if let known = places[label] { return known }
    places[label] = rows.count
    rows.append(Row())
    for _ in 0..<channels { intensities.append(Intensity()) }
    return rows.count - 1
  }

  /// Takes in what lies in a box of the image.
  ///
  /// - Parameters:
  ///   - labels: its labels.
  ///   - box: where it lies.
  ///   - image: the intensities of a channel, of which one is held at a time; those that are no numbers do not count.
  mutating func add<Voxel: VoxelScalar & FixedWidthInteger>(
    _ labels: VoxelBuffer<Voxel>, _ box: Box, image: (_ channel: Int) throws -> VoxelBuffer<Float>
  ) rethrows {
    for channel in 0..<max(1, channels) { add(labels, box, channel, channel < channels ? try image(channel) : nil) }
  }

  /// Takes in the intensities of a channel, and with the first one what the labels alone tell.
  private mutating func add<Voxel: VoxelScalar & FixedWidthInteger>(
    _ labels: VoxelBuffer<Voxel>, _ box: Box, _ channel: Int, _ image: VoxelBuffer<Float>?
  ) {
    let rank = box.rank
    let width = box.extent[rank - 1]
    var start = 0
    var (label, at) = (Voxel(0), 0)
    for row in Box(lower: Array(box.lower.dropLast()), upper: Array(box.upper.dropLast())).indices {
      let (z, y) = (rank == 3 ? row[0] : 0, rank > 1 ? row[rank - 2] : 0)
      let span = labels.span
      var x = 0
      while x < width {
        let here = span[start + x]
        let first = x
        repeat { x += 1 } while x < width && span[start + x] == here
        if here == 0 { continue }
        if here != label { (label, at) = (here, place(UInt64(here))) }
        let length = x - first
        let from = box.lower[rank - 1] + first
        if channel == 0 {
          let part = Row(
            voxels: length, sums: SIMD3(z &* length, y &* length, (2 &* from &+ length &- 1) &* length / 2), first: SIMD3(z, y, from),
            last: SIMD3(z, y, from + length - 1))
          rows[at].merge(part)
        }
        if let image {
          let values = image.span
          var part = Intensity()
          for i in start + first..<start + x where values[i].isFinite {
            part.sum += Double(values[i])
            part.count += 1
          }
          intensities[at * channels + channel].merge(part)
        }
      }
      start += width
    }
  }

  /// Writes the rows, sorted by label.
  ///
  /// - Returns: the bytes of the file.
  func write(to url: URL) throws -> Int {
    let sorted = places.sorted { $0.key < $1.key }
    var contents = SectionedFile.Contents()
    func add(_ name: String, _ value: (Row) -> Int) throws { try contents.add(name, sorted.map { Int64(value(rows[$0.value])) }) }
    try contents.add("range", sorted.isEmpty ? [] : [sorted[0].key, sorted[sorted.count - 1].key])
    try contents.add("labels", sorted.map(\.key))
    try add("voxels") { $0.voxels }
    for axis in 0..<3 {
      try add("sum \(axis)") { $0.sums[axis] }
      try add("first \(axis)") { $0.first[axis] }
      try add("last \(axis)") { $0.last[axis] }
    }
    let measured = sorted.flatMap { intensities[$0.value * channels..<($0.value + 1) * channels] }
    try contents.add("intensities", measured.map(\.sum))
    try contents.add("numbers", measured.map { Int64($0.count) })
    return try contents.write(to: url)
  }

  /// From the least to the greatest label of a file; `nil` where it holds none.
  ///
  /// - Throws: `DamagedOutput` where it is not what was written.
  static func range(of url: URL) throws -> ClosedRange<UInt64>? {
    let ends = try SectionedFile(url).read("range", as: UInt64.self)
    return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
  }

  /// Takes in the rows of a file whose labels lie in a range.
  ///
  /// - Throws: `DamagedOutput` where it is not what was written.
  mutating func add(contentsOf url: URL, labels range: Range<UInt64>) throws {
    let file = try SectionedFile(url)
    let labels = try file.read("labels", as: UInt64.self)
    func list(_ name: String) throws -> [Int64] { try file.read(name, as: Int64.self) }
    let voxels = try list("voxels")
    let sums = try (0..<3).map { try list("sum \($0)") }
    let firsts = try (0..<3).map { try list("first \($0)") }
    let lasts = try (0..<3).map { try list("last \($0)") }
    let (measured, numbers) = (try file.read("intensities", as: Double.self), try list("numbers"))
    func place(_ lists: [[Int64]], _ index: Int) -> SIMD3<Int> { SIMD3(Int(lists[0][index]), Int(lists[1][index]), Int(lists[2][index])) }
    for (index, label) in labels.enumerated() where range.contains(label) {
      let at = self.place(label)
      rows[at].merge(
        Row(voxels: Int(voxels[index]), sums: place(sums, index), first: place(firsts, index), last: place(lasts, index)))
      for channel in 0..<channels {
        let from = index * channels + channel
        intensities[at * channels + channel].merge(Intensity(sum: measured[from], count: Int(numbers[from])))
      }
    }
  }
}
