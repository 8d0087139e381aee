// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// The free memory of the graphics processor that programs use: the first that they see.
enum GraphicsMemory {
  /// Bytes that tiles may take: four fifths of what is free, as `nvidia-smi` tells; `nil` where it does not, which is reported.
  ///
  /// - Parameter visible: the processors that programs see (`CUDA_VISIBLE_DEVICES`): numbers or names; `nil` for all.
  static func available(
    visible: String? = ProcessInfo.processInfo.environment["CUDA_VISIBLE_DEVICES"], progress: any ProgressReporter
  ) -> MemoryBudget? {
    let first = visible.map { $0.split(separator: ",").first.map { $0.trimmingCharacters(in: .whitespaces) } ?? "" }
    if first == "" || first == "-1" {
      return unknown("CUDA_VISIBLE_DEVICES names no graphics processor", progress)
    }
    var arguments = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    let number = first.map { Int($0) } ?? 0
    // One that goes by its name is asked for by it.
    if number == nil, let first { arguments += ["-i", first] }
    guard let said = try? ProgramOutput(of: arguments, seconds: 10), said.isGood else {
      return unknown("`nvidia-smi` does not tell what is free on the graphics processor", progress)
    }
    let lines = said.output.split(whereSeparator: \.isNewline).map { Double($0.trimmingCharacters(in: .whitespaces)) }
    let line = number ?? 0
    guard lines.indices.contains(line), let free = lines[line], free > 0, free < 1e9 else {
      return unknown("`nvidia-smi` does not tell what is free on graphics processor \(first ?? "0")", progress)
    }
    return MemoryBudget(bytes: Int(0.8 * free * 1_048_576))
  }

  private static func unknown(_ reason: String, _ progress: any ProgressReporter) -> MemoryBudget? {
    progress.report(.note("\(reason): tiles are sized by the machine's memory alone"))
    return nil
  }
}
