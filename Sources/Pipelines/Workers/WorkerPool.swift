// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Dispatch
internal import Foundation
internal import Segmentation
internal import Synchronization

/// Programs of one kind that work on tiles, as many at once as there are slots; each starts when it is needed first.
public final class WorkerPool: Sendable {
  /// Deaths in a row after which it is said that another attempt does not help.
  static let mostDeaths = 3

  private let launch: WorkerLaunch
  private let options: WorkerOptions
  private let modules: WorkerModules
  private let noise = WorkerNoise()
  private let all: [WorkerProcess]
  private let free: Mutex<[WorkerProcess]>
  private let available = DispatchSemaphore(value: 0)
  private let deaths = Mutex<Int>(0)
  private let description = Mutex<WorkerDescription?>(nil)
  private let graphicsPeak = Mutex<Int?>(nil)
  private let expected = Mutex<WorkerDescription?>(nil)
  private let masks = Mutex<Int>(0)
  private static let pools = Atomic<Int>(0)

  init(_ launch: WorkerLaunch, options: WorkerOptions) {
    self.launch = launch
    self.options = options
    let number = Self.pools.add(1, ordering: .relaxed).newValue
    let folder = URL(fileURLWithPath: options.folder).path + "/workers-\(ProcessInfo.processInfo.processIdentifier)-\(number)"
    let modules = WorkerModules(folder: folder)
    self.modules = modules
    let noise = noise
    let workers = (0..<max(options.slots, 1)).map {
      WorkerProcess(launch, options: options, modules: modules.path, folder: folder + "/tile-\($0)", noise: noise)
    }
    all = workers
    free = Mutex(workers.reversed())
    for _ in workers { available.signal() }
    WorkerRegister.add(self)
  }

  deinit { removeFiles() }

  /// Removes what was put into the folder for tiles, and the folder where nothing else is in it.
  private func removeFiles() {
    modules.remove()
    unsafe rmdir(options.folder)
  }

  /// What the program says of itself; one is started where none has been.
  ///
  /// - Throws: `WorkerError` where it cannot be started or is not ready in time.
  public func describe() throws -> WorkerDescription {
    if let known = description.withLock({ $0 }) { return known }
    return try withWorker { try start($0) }
  }

  /// Takes what the program said of itself when its run was planned: none is started to be asked, and one that says otherwise is refused.
  func expect(_ said: WorkerDescription?) {
    guard let said else { return }
    description.withLock { $0 = said }
    expected.withLock { $0 = said }
  }

  /// The most memory that one of the programs has had so far, in bytes.
  var peakMemory: Int { all.map(\.peakMemory).max() ?? 0 }

  /// The most memory of a graphics processor that one of the programs has told of so far, in bytes; `nil` where none has.
  package var peakGraphicsMemory: Int? { graphicsPeak.withLock { $0 } }

  /// What the user should be told; nothing as long as programs print nothing on standard output but messages, and return labels where those
  /// are wanted.
  public var warnings: [String] { [noise.warning(program: launch.program), maskWarning].compactMap { $0 } }

  /// Notes that a program returned a mask, where labels are wanted.
  func noteMask() { masks.withLock { $0 += 1 } }

  private var maskWarning: String? {
    let count = masks.withLock { $0 }
    if count == 0 { return nil }
    return
      "\(launch.program) returned a mask (bool) of \(count == 1 ? "a tile" : "\(count) tiles"): all that is true in a tile counts as one "
      + "object, connected or not; for an object each return labels, as by `label(mask)` of scikit-image"
  }

  /// Lets all programs end, waiting for tiles under way, and removes their files. The next tile starts them again.
  public func shutdown() {
    for _ in all { available.wait() }
    for worker in all { worker.stop(grace: 2) }
    removeFiles()
    for _ in all { available.signal() }
  }

  /// Ends all programs at once, from any thread; tiles under way fail, and none is started any more.
  public func cancel() { for worker in all { worker.cancel() } }

  /// Has a free program work on a tile, waiting for one.
  ///
  /// - Returns: what `body` makes of the answer and the file with the result.
  /// - Throws: `WorkerError`, or what `body` throws.
  func work<Result: Sendable>(
    _ kind: WorkerRequest.Kind, _ tile: SegmentationTile, _ context: SegmentationContext,
    _ body: (_ answer: JSON, _ output: String) throws -> Result
  ) throws -> Result {
    let lohi = tile.channels.indices.map { channel in
      guard channel < context.statistics.count else { return [0.0, 1.0] }
      return [1, 99.8].map { context.statistics[channel].percentile($0) }
    }
    return try withWorker { worker in
      _ = try start(worker)
      do {
        let result = try worker.work(kind, tile, lohi: lohi) { answer, output in
          if let bytes = answer["gpu_bytes"]?.whole, bytes > 0 { graphicsPeak.withLock { $0 = max($0 ?? 0, bytes) } }
          return try body(answer, output)
        }
        deaths.withLock { $0 = 0 }
        return result
      } catch let error as WorkerError where error.kind == .crash || error.kind == .start {
        throw counted(error)
      } catch let error as WorkerError {
        if error.kind != .timeout { deaths.withLock { $0 = 0 } }
        throw error
      }
    }
  }

  private func start(_ worker: WorkerProcess) throws -> WorkerDescription {
    do {
      try modules.write()
      let said = try worker.start()
      if let expected = expected.withLock({ $0 }), said != expected {
        let change = said.text == expected.text ? "it needs other tiles" : "it was \(expected.text), and is \(said.text)"
        throw WorkerError(
          .conversation, "\(launch.program) is another than when the run was planned: \(change)",
          hint: "give the command that began the run again; where all tiles were done, with --overwrite after `weft cancel --clean`")
      }
      description.withLock { if $0 == nil { $0 = said } }
      return said
    } catch let error as WorkerError where error.kind == .start {
      throw counted(error)
    }
  }

  private func withWorker<Result>(_ body: (WorkerProcess) throws -> Result) throws -> Result {
    available.wait()
    let worker = free.withLock { $0.removeLast() }
    defer {
      free.withLock { $0.append(worker) }
      available.signal()
    }
    return try body(worker)
  }

  /// The same error; after some deaths in a row it says so, and that another attempt does not help.
  private func counted(_ error: WorkerError) -> WorkerError {
    let count = deaths.withLock { deaths in
      deaths += 1
      return deaths
    }
    if count < Self.mostDeaths { return error }
    return WorkerError(
      error.kind, "\(error.message) (\(count) times in a row)", hint: error.hint, details: error.details, mayRetry: false)
  }
}
