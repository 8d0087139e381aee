// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Grids
internal import Synchronization
internal import Volumes

/// The voxels of a file that ITK reads; axes as in the file, slowest first, and a last axis for components where there are several.
///
/// Where a region can be read alone (NIfTI, MetaImage and NRRD that are not compressed), only the box is read. Else the first read loads the
/// whole file, in its own number format, or unpacks it into a temporary file; later reads share that, which lives as long as the source.
struct ITKImageSource<Stored: VoxelScalar>: VoxelSource {
  let file: ITKImageFile
  /// Axes of the file that are shown; those before them have one voxel and are left out.
  let shownAxes: Range<Int>
  /// What is kept of a file that cannot be read in parts.
  private let resident: ResidentFile?
  private let whole = MadeOnce<VoxelBuffer<Stored>>()
  private let unpacked = MadeOnce<OpenFile>()

  init(file: ITKImageFile, shownAxes: Range<Int>) {
    self.file = file
    self.shownAxes = shownAxes
    let voxels = (file.extent + [file.components]).reduce(1, *)
    resident = file.canStream ? nil : ResidentFile(byteCount: voxels * Stored.voxelType.size, canUnpack: file.voxels?.packed != nil)
  }

  var voxelType: VoxelType { Stored.voxelType }
  var extent: Extent { Extent(pixelExtent.lengths + componentAxis) }

  var chunk: Extent {
    // The same whether voxels are held or unpacked: what is planned does not depend on it.
    guard file.canStream || resident?.canUnpack == true else { return extent }
    // A few whole planes.
    let plane = pixelExtent.lengths.suffix(2).reduce(1, *)
    var lengths = [Int](repeating: 1, count: max(pixelExtent.rank - 2, 0)) + pixelExtent.lengths.suffix(2)
    if pixelExtent.rank > 2 {
      lengths[pixelExtent.rank - 3] = max(1, min(16, (4 << 20) / max(plane, 1), pixelExtent[pixelExtent.rank - 3]))
    }
    return Extent(lengths + componentAxis)
  }

  var residentFiles: [ResidentFile] { resident.map { [$0] } ?? [] }

  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    if box.isEmpty { return VoxelBuffer(extent: box.extent) }
    let pixels = Box(lower: Array(box.lower[..<pixelExtent.rank]), upper: Array(box.upper[..<pixelExtent.rank]))
    let channels = componentAxis.isEmpty ? nil : box[box.rank - 1]
    func part(_ voxels: VoxelBuffer<Stored>, of loaded: Box) -> VoxelBuffer<Voxel> {
      voxels.interleavedPart(pixels.relative(to: loaded.lower), channels: channels).converted(to: type)
    }
    if file.canStream { return part(try load(pixels), of: pixels) }
    if let voxels = file.voxels, resident?.settled() == .unpacked {
      let opened = try unpacked.value { try voxels.unpacked(extent) }
      return part(try voxels.read(withComponents(pixels), of: extent, in: opened, as: Stored.self), of: pixels)
    }
    return part(
      try whole.value {
        if let voxels = file.voxels, voxels.packed != nil {
          return try voxels.read(withComponents(pixelExtent.box), of: extent, in: voxels.unpacked(extent, inMemory: true), as: Stored.self)
        }
        try file.nifti?.checkContent()
        return try load(pixelExtent.box)
      }, of: pixelExtent.box)
  }

  private var pixelExtent: Extent { Extent(Array(file.extent[shownAxes])) }
  private var componentAxis: [Int] { file.components > 1 ? [file.components] : [] }
  private func withComponents(_ box: Box) -> Box { Box(lower: box.lower + componentAxis.map { _ in 0 }, upper: box.upper + componentAxis) }

  /// All components of the pixels in `box`.
  private func load(_ box: Box) throws -> VoxelBuffer<Stored> {
    // ITK reads NRRD files as a whole, and of NIfTI files NaN and infinities as 0, whole numbers that are scaled in single precision.
    if let voxels = file.voxels, file.format == .nrrd || file.nifti?.holdsReals == true || file.nifti?.isScaled == true {
      return try voxels.read(withComponents(box), of: extent, in: OpenFile(path: voxels.path), as: Stored.self)
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

/// A value that takes long to make, or not to be made: made once, and shared by all copies of its source.
final class MadeOnce<Value: Sendable>: Sendable {
  private let made = Mutex<Result<Value, any Error>?>(nil)

  /// What `make` gave, or threw, the first time; other threads wait for it.
  func value(make: () throws -> Value) throws -> Value {
    try made.withLock { known in
      if let known { return try known.get() }
      let new = Result(catching: make)
      known = new
      return try new.get()
    }
  }
}
