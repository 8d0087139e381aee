// SPDX-License-Identifier: Apache-2.0

internal import Weft

/// What is printed of an image that was made.
struct WrittenImage: Encodable {
  let output: String
  /// Of the process, by the time the record is made, in bytes.
  let peakMemory = PeakMemory.bytes()

  private init(output: String) { self.output = output }

  var text: String { Numbers.table([("peak memory", MemoryBudget.describe(peakMemory)), ("result", output)]) }

  /// Prints what became of it.
  static func tell(_ result: String, _ console: Console, _ output: OutputArguments) throws {
    let record = WrittenImage(output: result)
    if output.json { try console.print(json: record) } else { console.print(record.text) }
  }
}
