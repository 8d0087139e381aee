// SPDX-License-Identifier: Apache-2.0

internal import Pyramids

extension OMEVersion {
  /// The version that is written for an input of that format: 0.4 for 0.4 and older, else 0.5.
  init(ofFormat format: String) {
    let versions = ["OME-Zarr 0.1", "OME-Zarr 0.2", "OME-Zarr 0.3", "OME-Zarr 0.4"]
    self = versions.contains { format.hasPrefix($0) } ? .v04 : .v05
  }
}
