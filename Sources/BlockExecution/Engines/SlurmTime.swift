// SPDX-License-Identifier: Apache-2.0

/// A time as Slurm writes it: https://slurm.schedmd.com/sbatch.html#OPT_time
package enum SlurmTime {
  /// The seconds of `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`, `days-hours:minutes` or `days-hours:minutes:seconds`; `nil`
  /// for anything else.
  package static func seconds(_ text: String) -> Double? {
    let days = text.split(separator: "-", omittingEmptySubsequences: false)
    guard days.count <= 2, let rest = days.last else { return nil }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in part.allSatisfy(\.isNumber) ? Int(part) : nil }
    guard numbers.count == parts.count, (1...3).contains(numbers.count) else { return nil }
    guard days.count == 2 || numbers.count == 3 else { return zip(numbers, [60.0, 1]).map { Double($0) * $1 }.reduce(0, +) }
    guard let day = days.count == 2 ? Int(days[0]) : 0, day >= 0 else { return nil }
    return 86_400 * Double(day) + zip(numbers, [3600.0, 60, 1]).map { Double($0) * $1 }.reduce(0, +)
  }
}
