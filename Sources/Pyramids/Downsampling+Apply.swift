// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Volumes

extension Downsampling {
  /// Voxels of which each stands for a block of `steps` voxels of `voxels`, clipped at the upper ends.
  ///
  /// - Parameter covering: the blocks, where `voxels` has a margin about them.
  /// - Complexity: O(voxels); memory: the result and one row of sums.
  package func apply<Voxel: VoxelScalar>(to voxels: VoxelBuffer<Voxel>, steps: [Int], covering: Box? = nil) -> VoxelBuffer<Voxel> {
    // Spelled out, so that every loop over voxels is compiled for its type.
    func result<Concrete: VoxelScalar>(
      _ kernel: (VoxelBuffer<Concrete>, [Int]) -> VoxelBuffer<Concrete>
    ) -> VoxelBuffer<Voxel> { kernel(voxels as! VoxelBuffer<Concrete>, steps) as! VoxelBuffer<Voxel> }
    switch self {
    case .mean:
      return switch Voxel.voxelType {
      case .uint8: result { meanOfIntegers($0, $1) as VoxelBuffer<UInt8> }
      case .int8: result { meanOfIntegers($0, $1) as VoxelBuffer<Int8> }
      case .uint16: result { meanOfIntegers($0, $1) as VoxelBuffer<UInt16> }
      case .int16: result { meanOfIntegers($0, $1) as VoxelBuffer<Int16> }
      case .uint32: result { meanOfIntegers($0, $1) as VoxelBuffer<UInt32> }
      case .int32: result { meanOfIntegers($0, $1) as VoxelBuffer<Int32> }
      case .uint64: result { meanOfIntegers($0, $1) as VoxelBuffer<UInt64> }
      case .int64: result { meanOfIntegers($0, $1) as VoxelBuffer<Int64> }
      case .float32: result { meanOfReals($0, $1) as VoxelBuffer<Float> }
      case .float64: result { meanOfReals($0, $1) as VoxelBuffer<Double> }
      }
    case .gaussian:
      let covering = covering ?? voxels.extent.box
      return switch Voxel.voxelType {
      case .uint8: result { weighted($0, $1, covering) as VoxelBuffer<UInt8> }
      case .int8: result { weighted($0, $1, covering) as VoxelBuffer<Int8> }
      case .uint16: result { weighted($0, $1, covering) as VoxelBuffer<UInt16> }
      case .int16: result { weighted($0, $1, covering) as VoxelBuffer<Int16> }
      case .uint32: result { weighted($0, $1, covering) as VoxelBuffer<UInt32> }
      case .int32: result { weighted($0, $1, covering) as VoxelBuffer<Int32> }
      case .uint64: result { weighted($0, $1, covering) as VoxelBuffer<UInt64> }
      case .int64: result { weighted($0, $1, covering) as VoxelBuffer<Int64> }
      case .float32: result { weighted($0, $1, covering) as VoxelBuffer<Float> }
      case .float64: result { weighted($0, $1, covering) as VoxelBuffer<Double> }
      }
    case .stride:
      return switch Voxel.voxelType {
      case .uint8: result { reduced($0, $1) { $0[0] } as VoxelBuffer<UInt8> }
      case .int8: result { reduced($0, $1) { $0[0] } as VoxelBuffer<Int8> }
      case .uint16: result { reduced($0, $1) { $0[0] } as VoxelBuffer<UInt16> }
      case .int16: result { reduced($0, $1) { $0[0] } as VoxelBuffer<Int16> }
      case .uint32: result { reduced($0, $1) { $0[0] } as VoxelBuffer<UInt32> }
      case .int32: result { reduced($0, $1) { $0[0] } as VoxelBuffer<Int32> }
      case .uint64: result { reduced($0, $1) { $0[0] } as VoxelBuffer<UInt64> }
      case .int64: result { reduced($0, $1) { $0[0] } as VoxelBuffer<Int64> }
      case .float32: result { reduced($0, $1) { $0[0] } as VoxelBuffer<Float> }
      case .float64: result { reduced($0, $1) { $0[0] } as VoxelBuffer<Double> }
      }
    case .mode:
      return switch Voxel.voxelType {
      case .uint8: result { mostFrequent($0, $1) as VoxelBuffer<UInt8> }
      case .int8: result { mostFrequent($0, $1) as VoxelBuffer<Int8> }
      case .uint16: result { mostFrequent($0, $1) as VoxelBuffer<UInt16> }
      case .int16: result { mostFrequent($0, $1) as VoxelBuffer<Int16> }
      case .uint32: result { mostFrequent($0, $1) as VoxelBuffer<UInt32> }
      case .int32: result { mostFrequent($0, $1) as VoxelBuffer<Int32> }
      case .uint64: result { mostFrequent($0, $1) as VoxelBuffer<UInt64> }
      case .int64: result { mostFrequent($0, $1) as VoxelBuffer<Int64> }
      case .float32: result { mostFrequent($0, $1) as VoxelBuffer<Float> }
      case .float64: result { mostFrequent($0, $1) as VoxelBuffer<Double> }
      }
    }
  }
}
