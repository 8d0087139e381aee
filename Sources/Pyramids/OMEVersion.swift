// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores

/// The versions of OME-NGFF that Weft writes: https://ngff.openmicroscopy.org
public enum OMEVersion: String, Sendable, CaseIterable, Hashable, Codable {
  /// On Zarr v2.
  case v04 = "0.4"
  /// On Zarr v3.
  case v05 = "0.5"

  var zarrFormat: ZarrFormat { self == .v04 ? .v2 : .v3 }
}
