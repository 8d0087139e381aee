// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Writes planes as a NIfTI-1 file, `.nii` as it is or `.nii.gz` compressed; times are its fourth axis, channels
/// its fifth.
struct NIfTIWriter<Stored: VoxelScalar> {
  let planes: PlaneReader<Stored>
  let path: String
  let options: ImageFileOptions

  func write() throws {
    let header = try NIfTIHeader(
      extent: planes.extent, space: planes.space, voxelType: Stored.voxelType, times: planes.times, components: planes.channels, path: path)
    var file = try AtomicFile(path: path)
    if path.lowercased().hasSuffix(".nii") {
      try file.append(header.bytes)
      try planes.forEachRows(.channelByChannel, rowStep: 1) { _, _, bytes in try file.append(bytes) }
    } else {
      var gzip = GzipStream(level: max(1, options.compressionLevel))
      try file.append(GzipStream.header + gzip.append(header.bytes))
      try planes.forEachRows(.channelByChannel, rowStep: 1) { _, _, bytes in try file.append(gzip.append(bytes)) }
      try file.append(gzip.finish())
    }
    try file.commit()
  }
}
