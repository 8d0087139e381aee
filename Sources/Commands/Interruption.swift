// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
internal import Weft

/// Ctrl-C, `kill`, and the warning that schedulers send before a job's time ends (SIGUSR1): the first one stops the run and removes what is unfinished, within a second; the second one ends the process at once.
public final class Interruption: Sendable {
  static let message = "interrupted: stopped before the end"
  /// What to do next.
  static var hint: String {
    if isTask.load(ordering: .relaxed) { return "tasks that ended are on record; the same command runs the others" }
    let output = resumableOutput.withLock { $0 }.flatMap { RunHandle.isBegun($0) ? $0 : nil }
    return output.map {
      "what is done is kept: the same command or `weft resume \($0)` goes on, `weft cancel \($0) --clean` drops it"
    }
      ?? "nothing unfinished was left under its final name; the same command starts again"
  }

  /// What the process ends with.
  static var status: ExitStatus { isTask.load(ordering: .relaxed) ? .abandoned : .interrupted }

  private static let isTask = Atomic<Bool>(false)
  private static let resumableOutput = Mutex<String?>(nil)

  private static let places = Mutex<[(folder: String, prefix: String)]>([])
  private let count = Atomic<Int>(0)
  private let sources: Mutex<[any DispatchSourceSignal]> = Mutex([])
  private let cancel: @Sendable () -> Void

  /// Calls `cancel` at the first SIGINT, SIGTERM or SIGUSR1.
  public init(cancel: @escaping @Sendable () -> Void) {
    self.cancel = cancel
    sources.withLock { sources in
      for number in [SIGINT, SIGTERM, SIGUSR1] {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
        source.setEventHandler { [weak self] in self?.arrived() }
        source.resume()
        sources.append(source)
      }
    }
  }

  /// Says that this process runs a group of tasks for an executor, which tells "stopped" from "failed" by the exit status.
  static func inTask() { isTask.store(true, ordering: .relaxed) }

  /// Names the output of a run that can be gone on with: nothing of it is removed.
  static func resumable(output: String) { resumableOutput.withLock { $0 = output } }

  /// Names a file or an image being written: what lies hidden beside it until it is finished.
  static func unfinished(file: String) {
    let url = URL(fileURLWithPath: file)
    places.withLock { $0.append((url.deletingLastPathComponent().path, ".\(url.lastPathComponent).")) }
  }

  private func arrived() {
    let number = count.add(1, ordering: .relaxed).newValue
    if number > 1 {
      RunningPrograms.endAll()
      _exit(Self.status.rawValue)
    }
    FileHandle.standardError.write(Data("\nstopping …\n".utf8))
    cancel()
    // A kernel under way cannot be cancelled; it is not waited for longer than this.
    DispatchQueue.global(qos: .userInteractive).asyncAfter(deadline: .now() + 0.7) {
      for _ in 0..<2 { Self.removeUnfinished() }
      FileHandle.standardError.write(Data("error: \(Self.message)\n\nhint: \(Self.hint)\n".utf8))
      // Last, so that nobody who waits for one has time to say that it ended.
      RunningPrograms.endAll()
      _exit(Self.status.rawValue)
    }
  }

  private static func removeUnfinished() {
    let files = FileManager.default
    for (folder, prefix) in places.withLock({ $0 }) {
      let entries = (try? files.contentsOfDirectory(atPath: folder)) ?? []
      for name in entries where name.hasPrefix(prefix) { try? files.removeItem(atPath: folder + "/" + name) }
    }
  }
}
