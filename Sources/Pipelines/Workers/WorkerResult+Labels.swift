// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

extension WorkerResult {
  /// The result as labels of a tile. Labels need not be dense; those that no `UInt32` holds make that all are numbered anew, in the order
  /// of their first voxels. A mask is label 1 where it is true.
  ///
  /// - Parameter program: what messages call the program.
  /// - Throws: `WorkerError` where shape, rank or format are not those of labels of the tile, or a label is negative.
  func labels(of tile: Extent, program: String) throws(WorkerError) -> VoxelBuffer<UInt32> {
    guard shape == tile.lengths else {
      let returned = "\(program) returned labels of \(Extent(shape)) voxels (\(shape.count)D) for a tile of \(tile) (\(tile.rank)D)"
      throw WorkerError(
        .output, returned,
        hint: "return one label for every voxel of the tile, its halo included" + (shape.count == tile.rank ? "" : ", and no channel axis"))
    }
    guard let type else { return VoxelBuffer(extent: tile, elements: try mask().map(UInt32.init)) }
    let elements: [UInt32]
    switch type {
    case .uint8: elements = try voxels(UInt8.self).map(UInt32.init)
    case .uint16: elements = try voxels(UInt16.self).map(UInt32.init)
    case .uint32: elements = try voxels(UInt32.self)
    case .uint64: elements = Self.compacted(try voxels(UInt64.self))
    case .int8: elements = try unsigned(Int8.self, tile, program)
    case .int16: elements = try unsigned(Int16.self, tile, program)
    case .int32: elements = try unsigned(Int32.self, tile, program)
    case .int64: elements = try unsigned(Int64.self, tile, program)
    case .float32: throw noLabels(try voxels(Float.self), tile, program)
    case .float64: throw noLabels(try voxels(Double.self), tile, program)
    }
    return VoxelBuffer(extent: tile, elements: elements)
  }

  private func unsigned<Voxel: VoxelScalar & SignedInteger & FixedWidthInteger>(
    _ type: Voxel.Type, _ tile: Extent, _ program: String
  ) throws(WorkerError) -> [UInt32] {
    let labels = try voxels(type)
    if let place = labels.firstIndex(where: { $0 < 0 }) {
      throw WorkerError(
        .output, "\(program) returned a negative label, \(labels[place]) at voxel \(Self.position(place, tile)) of the tile",
        hint: "background is 0, objects count from 1; borders between objects belong to an object or to the background")
    }
    return Self.compacted(labels)
  }

  private func noLabels<Voxel: VoxelScalar & BinaryFloatingPoint>(_ values: [Voxel], _ tile: Extent, _ program: String) -> WorkerError {
    let name = Voxel.voxelType.rawValue
    guard let place = values.firstIndex(where: { !$0.isFinite || $0 != $0.rounded() }) else {
      return WorkerError(
        .output, "\(program) returned labels as \(name), though all of them are whole numbers",
        hint: "cast them to whole numbers before returning them, as by `labels.astype(\"uint32\")`")
    }
    return WorkerError(
      .output,
      "\(program) returned \(name) values in place of labels, as \(values[place]) at voxel \(Self.position(place, tile)) of the tile",
      hint: "labels are whole numbers, one an object; turn a probability into objects first, as by a threshold and connected components")
  }

  /// Labels as `UInt32`: the same where all fit, else numbered anew in the order of their first voxels.
  private static func compacted<Voxel: FixedWidthInteger>(_ labels: [Voxel]) -> [UInt32] {
    guard let most = labels.max(), UInt64(most) > UInt64(UInt32.max) else { return labels.map { UInt32(truncatingIfNeeded: $0) } }
    var known: [Voxel: UInt32] = [0: 0]
    var last: Voxel = 0
    var number: UInt32 = 0
    return labels.map { label in
      if label == last { return number }
      last = label
      number = known[label] ?? UInt32(known.count)
      known[label] = number
      return number
    }
  }

  private static func position(_ index: Int, _ tile: Extent) -> String {
    "(" + zip(tile.strides, tile.lengths).map { "\(index / $0 % $1)" }.joined(separator: ", ") + ")"
  }
}
