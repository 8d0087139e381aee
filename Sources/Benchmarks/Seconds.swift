// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a piece of work took.
struct Seconds {
  var wall: Double
  /// User and system time of all threads.
  var cpu: Double

  /// Of work in this process.
  static func of<Result>(_ work: () throws -> Result) rethrows -> (result: Result, took: Seconds) {
    let (wall, cpu) = (now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID))
    let result = try work()
    return (result, Seconds(wall: now(CLOCK_MONOTONIC) - wall, cpu: now(CLOCK_PROCESS_CPUTIME_ID) - cpu))
  }

  /// Of another program, which is run; its standard output is returned.
  static func ofProgram(_ program: String, _ arguments: [String]) throws -> (output: Data, took: Seconds) {
    let (wall, cpu) = (now(CLOCK_MONOTONIC), ofChildren())
    let output = try Program.run(program, arguments)
    return (output, Seconds(wall: now(CLOCK_MONOTONIC) - wall, cpu: ofChildren() - cpu))
  }

  static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// CPU seconds of the programs that this process ran and that have ended.
  private static func ofChildren() -> Double {
    var usage = rusage()
    unsafe getrusage(RUSAGE_CHILDREN.rawValue, &usage)
    return [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }.reduce(0, +)
  }
}

/// The median; of an even number the mean of the middle two, of none not a number.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return .nan }
  return (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
}
