// SPDX-License-Identifier: Apache-2.0

internal import Volumes

extension Array where Element: VoxelScalar {
  /// The bytes of all numbers; none of them is padding.
  var rawBytes: RawSpan {
    @_lifetime(borrow self) get { unsafe span.bytes }
  }
}

extension MutableSpan where Element: VoxelScalar {
  /// The bytes of all numbers, writable: any bytes are numbers.
  var mutableRawBytes: MutableRawSpan {
    @_lifetime(&self) mutating get { unsafe mutableBytes }
  }
}
