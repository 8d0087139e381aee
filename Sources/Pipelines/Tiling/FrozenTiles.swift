// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// The tiles of a plan, which stay as they are when the memory is another, and what a program was measured to take for them.
struct FrozenTiles: Codable {
  var core: [Int]
  var halo: [Int]
  /// `nil` for built-in methods.
  var memory: ProbedMemory?
  /// What the program said of itself.
  var program: WorkerDescription?

  init(_ grid: BlockGrid, memory: ProbedMemory?, program: WorkerDescription?) {
    core = grid.core.lengths
    halo = grid.halo.lengths
    (self.memory, self.program) = (memory, program)
  }

  /// Tiles that fit an image.
  struct Fitted {
    let grid: BlockGrid
    fileprivate let memory: ProbedMemory?
    /// What the stage that works on the tiles depended on.
    fileprivate let parameters: [String: String]
    /// What the program said of itself, where it need not be asked again.
    fileprivate(set) var program: WorkerDescription?

    /// The same with what the program said of itself, where its files and its model are what they were.
    func asked(_ said: WorkerDescription?, _ options: ProgramOptions) -> Fitted {
      var fitted = self
      if options.fileParameters.allSatisfy({ parameters[$0.key] == $0.value }) { fitted.program = said }
      return fitted
    }

    /// What the program was measured to take, where it still is the same.
    func memory(for now: [String: String]) -> ProbedMemory? {
      ["program", "program files", "model"].allSatisfy { now[$0] == parameters[$0] } ? memory : nil
    }
  }

  /// These tiles of a level of an image; `nil` where they do not fit it.
  func grid(of image: StoredImage, channels: [Int], level: Int, parameters: [String: String]) -> Fitted? {
    guard let source = try? TiledImage(image, channels: channels, level: level), source.volume.rank == core.count else { return nil }
    return Fitted(
      grid: BlockGrid(extent: source.volume.extent, core: Extent(core), halo: Extent(halo)), memory: memory, parameters: parameters)
  }
}
