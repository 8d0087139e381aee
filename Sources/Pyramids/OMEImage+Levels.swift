// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Grids
internal import Volumes

extension OMEImage {
  /// The image of a group; of one level only where `only` names it.
  static func image(
    _ path: String, _ metadata: MultiscaleMetadata, store: any KeyValueStore, file: String, levels only: Int?, axes names: String?,
    spacing: [Double]?
  ) throws -> StoredImage {
    var arrays: [ChunkedArray] = []
    for dataset in metadata.datasets { arrays.append(try array(dataset.path, in: store, file: file)) }
    try checkAgreement(of: arrays, metadata, file)
    let axes = try axes(of: metadata, rank: arrays[0].extent.rank, names: names, path: path)
    guard axes.count == arrays[0].extent.rank else {
      throw PyramidError(
        "\(file) names \(axes.count) axes (\(axes.map(\.name).joined(separator: ","))), and its arrays have \(arrays[0].extent.rank)",
        hint: "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5"
      )
    }
    try checkOtherAxes(of: arrays, axes, metadata, file)
    let spaces = try spaces(of: metadata, arrays, axes, spacing: spacing, file)
    let levels = arrays.indices.map { StoredImage.Level(source: arrays[$0], space: spaces[$0], name: metadata.datasets[$0].path) }
    return StoredImage(
      path: path, format: "OME-Zarr \(metadata.version)", axes: axes, levels: only.map { [levels[$0]] } ?? levels,
      isColour: isColour(metadata, arrays[0], axes))
  }

  private static func array(_ path: String, in store: any KeyValueStore, file: String) throws -> ChunkedArray {
    guard (try? StoreKey.validate(path)) != nil else {
      throw PyramidError(
        "\(file) names the level `\(path)`, which is no path inside the image",
        hint: "the image's metadata are damaged: levels are named as 0, 1, … or by the folders that they lie in, without `.` and `..`")
    }
    if case .array? = try ZarrNode.read(in: store, at: path) { return try ChunkedArray.open(in: store, node: path) }
    let isThere = !store.names(below: path).isEmpty
    throw PyramidError(
      "\(file) names the level `\(path)`, " + (isThere ? "and \(store.name(of: path)) holds no Zarr array" : "which is not there"),
      hint: "copy the image again from its source")
  }

  /// Throws where levels cannot be of one image.
  private static func checkAgreement(of arrays: [ChunkedArray], _ metadata: MultiscaleMetadata, _ file: String) throws(PyramidError) {
    for (index, array) in arrays.enumerated().dropFirst() {
      let finer = arrays[index - 1]
      func names(_ finer: String, _ coarser: String) -> String {
        "level `\(metadata.datasets[index - 1].path)` has \(finer), level `\(metadata.datasets[index].path)` has \(coarser)"
      }
      guard array.extent.rank == finer.extent.rank else {
        throw PyramidError(
          "\(file): \(names("\(finer.extent.rank) axes", "\(array.extent.rank)"))",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
      guard array.voxelType == finer.voxelType else {
        throw PyramidError(
          "\(file): \(names("voxels of \(finer.voxelType.rawValue)", array.voxelType.rawValue))",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
      guard zip(array.extent.lengths, finer.extent.lengths).allSatisfy({ $0 <= $1 }) else {
        throw PyramidError(
          "\(file): levels are not listed finest first: \(names("\(finer.extent) voxels", "\(array.extent)"))",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
    }
  }

  /// Throws where a level has no voxel, or another number of channels or time points than the finest.
  private static func checkOtherAxes(
    of arrays: [ChunkedArray], _ axes: [Axis], _ metadata: MultiscaleMetadata, _ file: String
  ) throws(PyramidError) {
    for (array, dataset) in zip(arrays, metadata.datasets) {
      guard !array.extent.lengths.contains(0) else {
        throw PyramidError(
          "\(file): level `\(dataset.path)` of \(array.extent) has no voxel",
          hint: "the image was not written to its end; copy it again from its source")
      }
      for axis in axes.indices where axes[axis].kind != .space && array.extent[axis] != arrays[0].extent[axis] {
        throw PyramidError(
          "\(file): level `\(dataset.path)` has the length \(array.extent[axis]) along `\(axes[axis].name)`, and the finest has "
            + "\(arrays[0].extent[axis])",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
    }
  }

  private static func axes(of metadata: MultiscaleMetadata, rank: Int, names: String?, path: String) throws(PyramidError) -> [Axis] {
    if let names {
      var axes = try PlainArray.axes(named: names, rank: rank, path: path)
      let units = metadata.axes.flatMap { $0.count == rank ? $0.map(\.unit) : nil }
      if let units { for axis in axes.indices where axes[axis].kind == .space { axes[axis].unit = units[axis] } }
      return axes
    }
    if let axes = metadata.axes { return axes }
    // Before 0.3 every image had the five axes t, c, z, y, x.
    return rank == 5 ? "tczyx".map { Axis(name: String($0)) } : try PlainArray.axes(named: nil, rank: rank, path: path)
  }

  /// Where each level lies.
  ///
  /// OME's coordinates have no direction: with the `weft` attribute they are turned by it about the centre of voxel 0 of the finest
  /// level, so that viewers that do not know the attribute still see all levels on one another.
  private static func spaces(
    of metadata: MultiscaleMetadata, _ arrays: [ChunkedArray], _ axes: [Axis], spacing: [Double]?, _ file: String
  ) throws(PyramidError) -> [PhysicalSpace] {
    let order = spatialOrder(axes)
    if let spacing, spacing.count != order.count {
      throw PyramidError(
        "the given spacing has \(spacing.count) numbers, and \(file) has \(order.count) spatial axes",
        hint: "give one number for each spatial axis, z,y,x")
    }
    let units = order.map { axes[$0].unit }
    let unit = units.last ?? nil
    let conversions = units.map { $0.flatMap { from in unit.map { from.factor(to: $0) } } ?? 1 }
    if let direction = metadata.direction, direction.count != order.count {
      throw PyramidError(
        "\(file): the direction has \(direction.count) rows, and the image has \(order.count) spatial axes",
        hint: "remove the attribute, or give a matrix of the image's rank")
    }
    var spaces: [PhysicalSpace] = []
    for (index, dataset) in metadata.datasets.enumerated() {
      // A scale that makes no sense does no harm where the user gives the spacing.
      let stated = dataset.transformations.flatMap { place in
        spacing == nil || order.allSatisfy { place.scale[$0] > 0 } ? place : nil
      }
      let place = stated ?? guessed(arrays[index].extent, of: arrays[0].extent)
      var space = PhysicalSpace(spacing: zip(order, conversions).map { place.scale[$0] * $1 }, unit: unit)
      try checkSpacing(
        space.spacing, "\(file): the scale of level `\(dataset.path)` along \(order.map { axes[$0].name }.joined(separator: ", "))")
      space.origin = zip(order, conversions).map { place.translation[$0] * $1 }
      spaces.append(space)
    }
    let anchor = spaces[0]
    for index in spaces.indices {
      var offset = zip(spaces[index].origin, anchor.origin).map(-)
      if let spacing {
        let change = zip(spacing, anchor.spacing).map(/)
        spaces[index].spacing = zip(spaces[index].spacing, change).map(*)
        offset = zip(offset, change).map(*)
        spaces[index].origin = zip(anchor.origin, offset).map(+)
      }
      if let direction = metadata.direction {
        spaces[index].direction = direction
        spaces[index].origin = (0..<order.count).map { row in anchor.origin[row] + zip(direction[row], offset).map(*).reduce(0, +) }
      }
    }
    return spaces
  }

  /// The place of a level whose file does not say: the finest level has spacing 1, coarser ones are means of it by whole factors.
  private static func guessed(_ extent: Extent, of finest: Extent) -> CoordinateTransformations {
    var place = CoordinateTransformations(rank: extent.rank)
    for axis in 0..<extent.rank where extent[axis] > 0 {
      let factor = (Double(finest[axis]) / Double(extent[axis])).rounded()
      place.scale[axis] = factor
      place.translation[axis] = (factor - 1) / 2
    }
    return place
  }

  /// The spatial axes in z, y, x order.
  static func spatialOrder(_ axes: [Axis]) -> [Int] {
    func rank(_ axis: Int) -> Int { ["z", "y", "x"].firstIndex(of: axes[axis].name.lowercased()) ?? 3 }
    return axes.indices.filter { axes[$0].kind == .space }.sorted { (rank($0), $0) < (rank($1), $1) }
  }

  /// Whether the channels are red, green and blue of one picture: three channels of bytes that say so.
  private static func isColour(_ metadata: MultiscaleMetadata, _ array: ChunkedArray, _ axes: [Axis]) -> Bool {
    guard let axis = axes.firstIndex(where: { $0.kind == .channel }), array.extent[axis] == 3, array.voxelType == .uint8 else {
      return false
    }
    let labels = metadata.channelLabels.map { $0.lowercased() }
    return labels == ["red", "green", "blue"] || labels == ["r", "g", "b"]
  }
}
