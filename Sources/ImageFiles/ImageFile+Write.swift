// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
public import Volumes

/// The single-file formats that are written.
public enum ImageFileFormat: String, Sendable, CaseIterable {
  /// TIFF, one plane a page, with ImageJ's description; BigTIFF where 4 GB do not suffice. Carries spacing and unit, no origin or direction.
  case tiff
  /// NIfTI-1, `.nii` or `.nii.gz`: spacing, origin and direction, in millimetres where the unit is known.
  case nifti
  /// NRRD, `.nrrd`: spacing, origin and direction, in millimetres where the unit is known.
  case nrrd

  /// The format that a file's name asks for; `nil` for other names.
  public init?(path: String) {
    let name = path.lowercased()
    if name.hasSuffix(".tif") || name.hasSuffix(".tiff") {
      self = .tiff
    } else if name.hasSuffix(".nii") || name.hasSuffix(".nii.gz") {
      self = .nifti
    } else if name.hasSuffix(".nrrd") {
      self = .nrrd
    } else {
      return nil
    }
  }

  /// What a file of the format is usually named with.
  public var pathExtension: String {
    switch self {
    case .tiff: "tif"
    case .nifti: "nii.gz"
    case .nrrd: "nrrd"
    }
  }
}

/// How image files are written.
public struct ImageFileOptions: Sendable {
  /// Deflate's level, 1 to 9; 0 writes voxels as they are. `.nii` is never compressed and `.nii.gz` always.
  public var compressionLevel = 4
  /// Bytes of voxels that are read at a time (one row at least). Files do not depend on it.
  public var memory = 128 << 20
  /// Called with the planes written and their number; may throw to stop.
  public var progress: @Sendable (_ done: Int, _ total: Int) throws -> Void = { _, _ in }

  /// The defaults.
  public init() {}
}

extension ImageFile {
  /// Writes a volume plane by plane in its own number format, never holding more than `options.memory` of it.
  ///
  /// The file appears under its name when it is complete, in place of one that was there. The same voxels give the same bytes.
  ///
  /// - Parameters:
  ///   - volume: what to write, 2D or 3D.
  ///   - path: the file.
  ///   - format: the format; by default what the path's name says.
  /// - Throws: `ImageFileError` where the format cannot hold the volume or the file cannot be written; what the volume's storage throws.
  public static func write(
    _ volume: LazyVolume, to path: String, format: ImageFileFormat? = nil, options: ImageFileOptions = ImageFileOptions()
  ) throws {
    try write(channels: [volume], to: path, format: format, options: options)
  }

  /// Writes volumes of one extent, place and number format as the channels and times of one image: pages of a TIFF hyperstack, the vector
  /// and the time axis of NIfTI and NRRD.
  ///
  /// - Parameters:
  ///   - channels: the volumes; of several times all channels of the first, then those of the next.
  ///   - times: how many times these are.
  public static func write(
    channels: [LazyVolume], times: Int = 1, to path: String, format: ImageFileFormat? = nil, options: ImageFileOptions = ImageFileOptions()
  ) throws {
    precondition(times >= 1 && channels.count % times == 0, "each time has the same channels")
    guard let format = format ?? ImageFileFormat(path: path) else {
      throw ImageFileError(path: path, "has a name that tells no format", hint: "name it .tif, .nii, .nii.gz or .nrrd")
    }
    guard let first = channels.first, channels.allSatisfy({ $0.extent == first.extent && $0.source.voxelType == first.source.voxelType })
    else {
      throw ImageFileError(
        path: path, "cannot be written: its channels are none, or differ in extent or number format", hint: "write it as OME-Zarr")
    }
    guard first.rank == 2 || first.rank == 3, !first.extent.lengths.contains(0) else {
      throw ImageFileError(
        path: path, "cannot be written: the volume's extent is \(first.extent), and 2D or 3D is written", hint: "write it as OME-Zarr")
    }
    func body<Stored: VoxelScalar>(_ type: Stored.Type) throws {
      let planes = PlaneReader<Stored>(volumes: channels, times: times, options: options)
      switch format {
      case .tiff: try TIFFWriter(planes: planes, path: path, options: options).write()
      case .nifti: try NIfTIWriter(planes: planes, path: path, options: options).write()
      case .nrrd: try NRRDWriter(planes: planes, path: path, options: options).write()
      }
    }
    try body(first.source.voxelType.scalar)
  }
}
