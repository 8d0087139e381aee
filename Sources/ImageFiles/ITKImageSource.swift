// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Grids
internal import Synchronization
internal import Volumes

/// The voxels of a file that ITK reads; axes as in the file, slowest first, and a last axis for components where there are several.
///
/// Where a region can be read alone (NIfTI and MetaImage that are not compressed), only the box is read. Else the first read loads the
/// whole file, in its own number format, and later reads share that copy, which lives as long as the source.
struct ITKImageSource<Stored: VoxelScalar>: VoxelSource {
  let file: ITKImageFile
  /// Axes of the file that are shown; those before them have one voxel and are left out.
  let shownAxes: Range<Int>
  private let cache = WholeImageCache<Stored>()

  init(file: ITKImageFile, shownAxes: Range<Int>) {
    self.file = file
    self.shownAxes = shownAxes
  }

  var voxelType: VoxelType { Stored.voxelType }
  var extent: Extent { Extent(pixelExtent.lengths + componentAxis) }

  var chunk: Extent {
    guard file.canStream else { return extent }
    // A few whole planes.
    let plane = pixelExtent.lengths.suffix(2).reduce(1, *)
    var lengths = [Int](repeating: 1, count: max(pixelExtent.rank - 2, 0)) + pixelExtent.lengths.suffix(2)
    if pixelExtent.rank > 2 {
      lengths[pixelExtent.rank - 3] = max(1, min(16, (4 << 20) / max(plane, 1), pixelExtent[pixelExtent.rank - 3]))
    }
    return Extent(lengths + componentAxis)
  }

  var residentBytes: Int { file.canStream ? 0 : extent.count * Stored.voxelType.size }

  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    if box.isEmpty { return VoxelBuffer(extent: box.extent) }
    let pixels = Box(lower: Array(box.lower[..<pixelExtent.rank]), upper: Array(box.upper[..<pixelExtent.rank]))
    let channels = componentAxis.isEmpty ? nil : box[box.rank - 1]
    if file.canStream {
      return try load(pixels).interleavedPart(pixels.relative(to: pixels.lower), channels: channels).converted(to: type)
    }
    let whole = try cache.value {
      try file.nifti?.checkContent()
      return try load(pixelExtent.box)
    }
    return whole.interleavedPart(pixels, channels: channels).converted(to: type)
  }

  private var pixelExtent: Extent { Extent(Array(file.extent[shownAxes])) }
  private var componentAxis: [Int] { file.components > 1 ? [file.components] : [] }

  /// All components of the pixels in `box`.
  private func load(_ box: Box) throws -> VoxelBuffer<Stored> {
    // ITK's NIfTI library reads NaN and infinities as 0.
    if let nifti = file.nifti, file.components == 1, Stored.voxelType == .float32 || Stored.voxelType == .float64, nifti.holdsReals {
      return try NIfTIReals<Stored>(file: nifti, extent: pixelExtent).read(box)
    }
    let hidden = shownAxes.lowerBound
    let region = [Int](repeating: 0, count: hidden) + box.lower + [Int](repeating: 1, count: hidden) + box.extent.lengths
    var voxels = VoxelBuffer<Stored>(extent: Extent(box.extent.lengths + componentAxis))
    let status = unsafe voxels.elements.withUnsafeMutableBytes { bytes in
      unsafe citk_image_file_read(file.path, region.map(Int64.init), region.count, bytes.baseAddress!, bytes.count)
    }
    guard status.isSuccess else {
      throw ImageFileError(path: file.path, "cannot be read: \(status.text)", hint: "the file may be cut short or damaged")
    }
    return voxels
  }
}

/// A whole image, loaded once and shared by all copies of its source.
final class WholeImageCache<Stored: VoxelScalar>: Sendable {
  private let stored = Mutex<VoxelBuffer<Stored>?>(nil)

  /// What `load` gave the first time; other threads wait for it.
  func value(load: () throws -> VoxelBuffer<Stored>) throws -> VoxelBuffer<Stored> {
    try stored.withLock { known in
      if let known { return known }
      let loaded = try load()
      known = loaded
      return loaded
    }
  }
}
