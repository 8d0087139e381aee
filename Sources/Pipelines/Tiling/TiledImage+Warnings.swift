// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Grids
internal import Pyramids
internal import Volumes

extension TiledImage {
  /// Tells what of the file the user may not expect.
  func report(to progress: any ProgressReporter) {
    for warning in [axesWarning, chunkWarning].compactMap({ $0 }) { progress.report(.warning(warning)) }
  }

  /// Where the file's axes are called otherwise than the user calls them.
  private var axesWarning: String? {
    guard image.format.contains("Zarr"), let given = image.givenAxes, let own = OMEImage.axisNames(of: image.path) else { return nil }
    let names = image.axes.map(\.name)
    if own.map({ $0.lowercased() }) == names { return nil }
    return "--axes \(given): \(image.path) calls its axes \(own.joined(separator: ",")); they are taken as \(names.joined(separator: ","))"
  }

  /// Where nothing is stored of what is read: Zarr means the fill value by that, and a copy that was not finished looks the same.
  private var chunkWarning: String? {
    guard let array = image.levels[level].source as? ChunkedArray, array.holdsNothing else { return nil }
    let count = array.extent.dividedRoundingUp(by: array.chunk).count
    return
      "none of the \(count) chunk\(count == 1 ? "" : "s") of \(array.path) is stored: all voxels are read as the array's fill value, as after a "
      + "copy that was not finished"
  }
}
