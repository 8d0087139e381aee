// SPDX-License-Identifier: Apache-2.0

// Measures what the figures in Docs/Concepts/reliability.md tell.
//
//   swift run -c release benchmarks tasks [COUNT]                 a run of tasks that do nothing, and its resume
//   swift run -c release benchmarks overhead [VOXELS [CORE]]      the share of a registration that is not its tasks' work
//   swift run -c release benchmarks starts COUNT IMAGE...           images against copies turned, scaled and moved at random
//   swift run -c release benchmarks costs [VOXELS [CORE]]         each stage's seconds beside those that `weft plan` expects

import BlockExecution
import Foundation
import Weft

let words = Array(CommandLine.arguments.dropFirst())
func number(_ index: Int, _ usual: Int) -> Int { words.count > index ? Int(words[index]) ?? usual : usual }

switch words.first {
case "tasks": try await measureTasks(count: number(1, 100_000))
case "resume" where words.count == 3: try await measureResume(words[1], count: number(2, 0))
case "overhead": try await measureOverhead(voxels: number(1, 160), core: number(2, 40))
case "starts" where words.count > 2: try measureStarts(Array(words.dropFirst(2)), count: number(1, 100))
case "costs": try await measureCosts(voxels: number(1, 256), core: number(2, 128))
default:
  print("usage: benchmarks tasks [COUNT] | overhead [VOXELS [CORE]] | costs [VOXELS [CORE]] | starts COUNT IMAGE...")
  exit(2)
}

/// Prints a line at once, since another process prints, too.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

/// Runs `count` tasks that do nothing, then finds in a new process that all are done.
func measureTasks(count: Int) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weft-benchmark-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  let seconds = try await NoOperationRun(folder: RunFolder(folder), count: count, fileBytes: 0).run()
  say(String(format: "%d tasks that do nothing: %.2f s, %.0f µs a task", count, seconds, seconds / Double(count) * 1e6))
  let again = Process()
  again.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
  again.arguments = ["resume", folder.path, String(count)]
  try again.run()
  again.waitUntilExit()
}

/// Goes on with a run that is finished.
func measureResume(_ path: String, count: Int) async throws {
  let seconds = try await NoOperationRun(folder: RunFolder(URL(fileURLWithPath: path)), count: count, fileBytes: 0).run()
  say(String(format: "resume of the finished run: %.2f s, %d MB at the most", seconds, PeakMemory.bytes() / 1_000_000))
}

/// A phantom that is registered on one thread, in a folder that goes afterwards.
func withRegistration(
  voxels: Int, core: Int, _ body: (_ folder: String, _ registration: ChunkedRegistration, _ seconds: Double) async throws -> Void
) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weft-benchmark-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  var phantom = PhantomOptions()
  phantom.shape = [voxels, voxels, voxels]
  try await Phantom(phantom).write(into: folder)
  var options = RegistrationOptions.preset(.auto)
  options.blockExtent = [core]
  options.threads = 1
  let start = ContinuousClock.now
  let registration = try ChunkedRegistration(
    fixed: .open(folder + "/fixed.ome.zarr"), moving: .open(folder + "/moving.ome.zarr"), options: options)
  _ = try await registration.run(into: folder + "/out")
  try await body(folder, registration, (ContinuousClock.now - start) / .seconds(1))
}

/// The rows of a run's `timings.csv`: what, and its seconds.
func timings(_ folder: String) throws -> [(name: String, seconds: Double)] {
  try String(contentsOfFile: folder + "/out/timings.csv", encoding: .utf8).split(separator: "\n").dropFirst().map { row in
    let fields = row.split(separator: ",", omittingEmptySubsequences: false)
    return (String(fields[0]), Double(fields[1]) ?? .nan)
  }
}

/// Compares the whole time of a registration with the sum of its tasks' seconds.
func measureOverhead(voxels: Int, core: Int) async throws {
  try await withRegistration(voxels: voxels, core: core) { folder, registration, whole in
    let tasks = try timings(folder).filter { $0.name.contains("/") }
    let inside = tasks.map(\.seconds).reduce(0, +)
    // Files that tasks hand on are written inside them: here as many, each as large as a block's field with its halo.
    let fieldBytes = 12 * Int(pow(Double(2 * core) / 4, 3))
    let run = NoOperationRun(folder: RunFolder(URL(fileURLWithPath: folder + "/nothing")), count: tasks.count, fileBytes: fieldBytes)
    let handing = try await run.run()
    print("registration of \(voxels)³ voxels in \(registration.grid.count) blocks, \(tasks.count) tasks, 1 thread")
    func row(_ name: String, _ seconds: Double, _ note: String) {
      print(
        String(
          format: "%@ %8.3f s  %6.2f %%  %@", name.padding(toLength: 20, withPad: " ", startingAt: 0), seconds, 100 * seconds / whole, note)
      )
    }
    row("whole run", whole, "")
    row("inside tasks", inside, "")
    row("outside tasks", whole - inside, "opening, planning, journal, publication")
    row("as many empty tasks", handing, "journal, and a file of \(fieldBytes / 1000) kB each, both brought to the disk")
  }
}

/// Compares the seconds of each stage with those that the plan expects.
func measureCosts(voxels: Int, core: Int) async throws {
  try await withRegistration(voxels: voxels, core: core) { folder, registration, _ in
    let took = Dictionary(uniqueKeysWithValues: try timings(folder).filter { !$0.name.contains("/") })
    print("registration of \(voxels)³ voxels in \(registration.grid.count) blocks, 1 thread: seconds expected, seconds taken, their ratio")
    for stage in registration.estimate.stages where stage.coreSeconds > 0 {
      let seconds = took[stage.name] ?? .nan
      print(
        String(
          format: "%@ %8.2f %8.2f %6.2f", stage.name.padding(toLength: 12, withPad: " ", startingAt: 0), stage.coreSeconds, seconds,
          seconds / stage.coreSeconds))
    }
  }
}
