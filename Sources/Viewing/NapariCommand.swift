// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation

/// The command line that shows images in napari, which reads them by its plug-in napari-ome-zarr.
public enum NapariCommand {
  /// - Parameter layers: from below to the top.
  /// - Returns: a line for a shell.
  public static func line(_ layers: [ViewedLayer]) -> String {
    let paths = layers.map { layer in
      ShellText.quoted(StoreLocation.isRemote(layer.path) ? layer.path : URL(fileURLWithPath: layer.path).standardizedFileURL.path)
    }
    return (["napari", "--plugin", "napari-ome-zarr"] + paths).joined(separator: " ")
  }
}
