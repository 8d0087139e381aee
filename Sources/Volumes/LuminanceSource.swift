// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Red, green and blue planes along one axis of another source as luminance, `0.2126 R + 0.7152 G + 0.0722 B` (ITU-R BT.709).
public struct LuminanceSource: VoxelSource {
  let base: any VoxelSource
  let axis: Int

  /// A view of `base` without its colour axis.
  ///
  /// - Precondition: `axis` has three or four entries (a fourth, alpha, is ignored).
  public init(base: any VoxelSource, axis: Int) {
    precondition(base.extent[axis] == 3 || base.extent[axis] == 4, "a colour axis has three or four entries")
    self.base = base
    self.axis = axis
  }

  public var extent: Extent { Extent(base.extent.lengths.removing(at: axis)) }
  public var voxelType: VoxelType { base.voxelType }
  public var chunk: Extent { Extent(base.chunk.lengths.removing(at: axis)) }
  public var residentFiles: [ResidentFile] { base.residentFiles }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    var lower = box.lower
    var upper = box.upper
    lower.insert(0, at: axis)
    upper.insert(3, at: axis)
    let colours = try base.read(Box(lower: lower, upper: upper), as: Float.self)
    let inner = Extent(Array(box.extent.lengths[axis...])).count
    let outer = box.count / max(inner, 1)
    var result = VoxelBuffer<Float>(extent: box.extent)
    for block in 0..<outer {
      for i in 0..<inner {
        let red = block * 3 * inner + i
        result.elements[block * inner + i] =
          0.2126 * colours.elements[red] + 0.7152 * colours.elements[red + inner] + 0.0722 * colours.elements[red + 2 * inner]
      }
    }
    return result.converted(to: type)
  }
}

extension Array {
  fileprivate func removing(at index: Int) -> [Element] {
    var copy = self
    copy.remove(at: index)
    return copy
  }
}
