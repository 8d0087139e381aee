// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Grids
internal import Volumes

/// A result that a program says it has written, its format checked.
struct WorkerResult {
  /// The number format; `nil` for `bool`, a byte a voxel.
  let type: VoxelType?
  /// Lengths along each axis, slowest first.
  let shape: [Int]
  private let output: String
  private let program: String

  /// Checks that the file holds what the message says.
  ///
  /// - Throws: `WorkerError` where format or shape are none, or the file has another size.
  init(_ answer: JSON, output: String, program: String) throws(WorkerError) {
    self.output = output
    self.program = program
    let names = VoxelType.allCases.map(\.rawValue)
    let name = answer["dtype"]?.text ?? ""
    guard name == "bool" || names.contains(name) else {
      throw WorkerError(
        .output, "\(program) returned voxels of dtype `\(name)`", hint: "Weft reads bool, \(names.joined(separator: ", "))")
    }
    type = VoxelType(rawValue: name)
    let lengths = answer["shape"]?.elements?.compactMap(\.whole) ?? []
    guard let given = answer["shape"]?.elements, given.count == lengths.count, !lengths.isEmpty,
      lengths.allSatisfy({ $0 > 0 && $0 < 1 << 31 }), lengths.reduce(1.0, { $0 * Double($1) }) < 1e15
    else {
      throw WorkerError(
        .output, "\(program) returned voxels of shape \(answer["shape"]?.shown ?? "none"), which is no list of lengths",
        hint: "return an array with as many voxels as the tile")
    }
    shape = lengths
    let size = lengths.reduce(1, *) * (type?.size ?? 1)
    let found = TileFile.size(output)
    guard found == size else {
      throw WorkerError(
        .output,
        "\(program) says that it wrote \(name) voxels of shape \(Extent(lengths)), \(size) bytes, but the file `output` "
          + (found.map { "has \($0) bytes" } ?? "is not there"),
        hint: "write raw voxels in C order to the path `output` of the request, and answer when the file is whole")
    }
  }

  /// The voxels of a mask: 1 or 0.
  func mask() throws(WorkerError) -> [UInt8] { try voxels(UInt8.self).map { $0 == 0 ? 0 : 1 } }

  /// All voxels, in the program's format.
  func voxels<Voxel: VoxelScalar>(_ type: Voxel.Type) throws(WorkerError) -> [Voxel] {
    try TileFile.read(output, count: shape.reduce(1, *), as: type)
  }
}
