// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// Imaris 5.5 files: resolution levels, time points and channels of 3D datasets in HDF5.
/// https://imaris.oxinst.com/support/imaris-file-format
enum ImarisImage {
  /// Whether an HDF5 file is one.
  static func isOne(_ file: HDF5File) -> Bool { file.dataset(data(level: 0, time: 0, channel: 0)) != nil }

  private static func group(level: Int, time: Int, channel: Int) -> String {
    "/DataSet/ResolutionLevel \(level)/TimePoint \(time)/Channel \(channel)"
  }

  private static func data(level: Int, time: Int, channel: Int) -> String { group(level: level, time: time, channel: channel) + "/Data" }

  static func open(_ file: HDF5File, spacing given: [Double]?) throws(ImageFileError) -> StoredImage {
    func count(_ name: (Int) -> String) -> Int {
      var count = 1
      while file.dataset(name(count)) != nil { count += 1 }
      return count
    }
    let times = count { data(level: 0, time: $0, channel: 0) }
    let channels = count { data(level: 0, time: 0, channel: $0) }
    let levelCount = count { data(level: $0, time: 0, channel: 0) }
    func number(_ name: String) -> Double? {
      file.text(name, of: "/DataSetInfo/Image").flatMap { Double($0.trimmingCharacters(in: .whitespaces)) }
    }
    let unit = file.text("Unit", of: "/DataSetInfo/Image").flatMap { LengthUnit($0.trimmingCharacters(in: .whitespaces)) }
    var levels: [StoredImage.Level] = []
    var finestSpacing = [1.0, 1, 1]
    for level in 0..<levelCount {
      var sources: [HDF5Dataset] = []
      for time in 0..<times {
        for channel in 0..<channels {
          let name = data(level: level, time: time, channel: channel)
          guard let dataset = file.dataset(name), dataset.extent.rank == 3 else {
            throw ImageFileError(
              path: file.path, "lacks the dataset \(name) of 3 axes", hint: "it was not written to its end; copy it again")
          }
          sources.append(dataset)
        }
      }
      // Datasets are padded to whole chunks.
      let size = try extent(file, group(level: level, time: 0, channel: 0), stored: sources[0].extent)
      for source in sources where source.voxelType != sources[0].voxelType || zip(size.lengths, source.extent.lengths).contains(where: >) {
        throw ImageFileError(
          path: file.path,
          "has \(source.extent) voxels of \(source.voxelType.rawValue) in \(source.name), and \(size) of "
            + "\(sources[0].voxelType.rawValue) are expected", hint: "it is damaged; copy it again from its source")
      }
      // The extents of the whole are those of its voxels' outer borders. Axes 0, 1, 2 are x, y, z.
      let bounds = (0..<3).reversed().map { (number("ExtMin\($0)"), number("ExtMax\($0)")) }
      var space = PhysicalSpace(spacing: [1, 1, 1], unit: unit)
      for (axis, bound) in bounds.enumerated() {
        guard let lower = bound.0, let upper = bound.1, upper > lower else { continue }
        space.spacing[axis] = (upper - lower) / Double(size[axis])
        space.origin[axis] = lower + space.spacing[axis] / 2
      }
      if let given {
        let own = try ImageFile.checkedSpacing(space.spacing, given: nil, path: file.path)
        let finest = levels.isEmpty ? own : finestSpacing
        finestSpacing = finest
        let change = zip(try ImageFile.checkedSpacing(finest, given: given, path: file.path), finest).map(/)
        space.spacing = zip(space.spacing, change).map(*)
        space.origin = zip(space.origin, change).map(*)
      }
      levels.append(
        StoredImage.Level(
          source: whole(sources, size, channels: channels), space: space, name: "\(level)"))
    }
    let axes = ["t", "c"].map { Axis(name: $0) } + ["z", "y", "x"].map { Axis(name: $0, unit: unit) }
    return StoredImage(path: file.path, format: "Imaris", axes: axes, levels: levels)
  }

  /// All time points and channels of a level, without what datasets are padded with: axes t, c, z, y, x.
  private static func whole(_ sources: [HDF5Dataset], _ size: Extent, channels: Int) -> any VoxelSource {
    let parts = sources.map { source in
      let cropped = CroppedSource(base: source, box: size.box)
      return AxisMappedSource(base: cropped, axes: [nil, nil, 0, 1, 2], fixed: [:])
    }
    let times = stride(from: 0, to: parts.count, by: channels).map { ConcatenatedSource(Array(parts[$0..<$0 + channels]), along: 1) }
    return ConcatenatedSource(times, along: 0)
  }

  /// The voxels of a level that are part of the image.
  private static func extent(_ file: HDF5File, _ group: String, stored: Extent) throws(ImageFileError) -> Extent {
    var lengths = stored.lengths
    for (axis, name) in ["ImageSizeZ", "ImageSizeY", "ImageSizeX"].enumerated() {
      guard let text = file.text(name, of: group) else { continue }
      guard let length = Int(text.trimmingCharacters(in: .whitespaces)), length > 0 else {
        throw ImageFileError(path: file.path, "has the \(name) `\(text)` in \(group)", hint: "it is damaged; copy it again from its source")
      }
      lengths[axis] = length
    }
    return Extent(lengths)
  }
}
