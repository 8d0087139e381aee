// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Volumes

extension MemoryModel {
  /// What the inputs keep in memory that cannot be read in parts. Where they, one of them twice, since decoding
  /// makes a copy, leave the work less than they take, or than 1 GB, they are unpacked into temporary files instead, the largest first, as
  /// far as they can be.
  ///
  /// - Parameter decided: the memory by which it is decided what is unpacked, `memory` where there is none.
  /// - Throws: `PipelineError` where loading the others does not fit the memory.
  static func residentBytes(of inputs: [LazyVolume], within memory: MemoryBudget, decided: MemoryBudget? = nil) throws -> Int {
    // Channels share a file, and so may both images.
    var files: [(file: ResidentFile, name: String)] = []
    for input in inputs {
      for file in input.source.residentFiles where !files.contains(where: { $0.file === file }) { files.append((file, input.name)) }
    }
    func largest(_ files: [(file: ResidentFile, name: String)]) -> (file: ResidentFile, name: String)? {
      files.max { $0.file.residentBytes < $1.file.residentBytes }
    }
    func resident() -> Int { files.reduce(0) { $0 + $1.file.residentBytes } }
    func need() -> Int { base + resident() + (largest(files)?.file.residentBytes ?? 0) }
    func leavesRoom() -> Bool { (decided ?? memory).bytes - need() >= max(need() - base, 1_000_000_000) }
    while !leavesRoom(),
      let file = largest(files.filter { $0.file.isOpenToUnpacking })?.file
    {
      file.unpack()
    }
    if resident() > 0, need() > memory.bytes {
      throw PipelineError(
        "\(largest(files)!.name) cannot be read in parts, so that \(MemoryBudget.describe(need())) are needed to load the inputs, and --memory "
          + "allows \(memory)",
        hint: "save it as OME-Zarr, as TIFF or as an uncompressed .nii, which are read box by box; or give more memory")
    }
    return resident()
  }
}
