// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
public import Segmentation

/// What a program said of itself when it was ready.
public struct WorkerDescription: Sendable, Hashable, Codable {
  /// What it calls itself.
  public let name: String
  /// Its version; empty where it tells none.
  public let version: String
  /// Versions of the packages it is built on, by name.
  public let packages: [String: String]
  /// What it takes and needs.
  public let requirements: SegmenterRequirements

  /// Reads a `ready` message.
  ///
  /// - Parameters:
  ///   - program: what messages call the program.
  ///   - rank: the image's spatial axes, where known.
  /// - Throws: where the program speaks another version of the protocol, or a member is none of what it may be.
  init(_ ready: JSON, program: String, rank: Int?) throws(WorkerError) {
    let stated = ready["protocol"] ?? 1
    guard stated.whole == WorkerRequest.protocolVersion else {
      throw WorkerError(
        .conversation,
        "\(program) speaks version \(stated.shown) of the worker protocol, Weft speaks version \(WorkerRequest.protocolVersion)",
        hint: "use the `weft_worker` module that Weft puts on the PYTHONPATH, or change the program after Docs/Reference/plugin-workers.md")
    }
    name = ready["name"]?.text ?? program
    version = ready["version"]?.text ?? ""
    packages = (ready["packages"]?.members ?? [:]).compactMapValues(\.text)

    func refuse(_ member: String, _ wanted: String) -> WorkerError {
      WorkerError(
        .conversation, "\(program) is ready with `\(member)` \((ready[member] ?? nil).shown), where \(wanted) is wanted",
        hint: "see the message `ready` in Docs/Reference/plugin-workers.md")
    }
    func range(_ member: String, _ allowed: ClosedRange<Int>) throws(WorkerError) -> ClosedRange<Int>? {
      guard let value = ready[member] else { return nil }
      let numbers = value.elements?.compactMap(\.whole) ?? []
      guard let least = numbers.min(), let most = numbers.max(), allowed.contains(least), allowed.contains(most),
        numbers.count == value.elements?.count
      else { throw refuse(member, "a list of numbers from \(allowed.lowerBound) to \(allowed.upperBound)") }
      return least...most
    }
    func lengths(_ member: String, least: Int, rank: Int) throws(WorkerError) -> [Int] {
      guard let value = ready[member] else { return [] }
      if let number = value.whole, number >= least { return [Int](repeating: number, count: rank) }
      guard let numbers = value.elements?.compactMap(\.whole), numbers.count == value.elements?.count, numbers.allSatisfy({ $0 >= least })
      else { throw refuse(member, "a number from \(least) on, or one for each axis,") }
      guard numbers.count == rank else {
        throw refuse(member, "one number, or one for each of \(rank) axes and not \(numbers.count),")
      }
      return numbers
    }
    func number(_ member: String) throws(WorkerError) -> Double {
      guard let value = ready[member] else { return 0 }
      guard let number = value.number, number >= 0, number < 1e18 else { throw refuse(member, "a number of bytes") }
      return number
    }

    var requirements = SegmenterRequirements()
    requirements.ranks = try range("ranks", 2...3) ?? 2...3
    requirements.channels = try range("channels", 1...1_000_000) ?? 1...1_000_000
    let axes = rank ?? requirements.ranks.upperBound
    requirements.stride = try lengths("stride", least: 1, rank: axes)
    requirements.receptiveField = try lengths("receptive_field", least: 0, rank: axes)
    requirements.fixedBytes = Int(try number("fixed_bytes"))
    requirements.bytesPerVoxel = try number("bytes_per_voxel")
    self.requirements = requirements
  }
}
