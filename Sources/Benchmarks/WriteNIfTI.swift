// SPDX-License-Identifier: Apache-2.0

import ImageFiles
import Weft

/// Writes a volume for other programs.
func writeNIfTI(_ volume: Volume, to path: String) throws {
  try ImageFile.write(LazyVolume(volume, name: path), to: path)
}
