// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Weft

/// What is printed of several rounds that were registered to one reference.
struct RoundsSummary: Encodable {
  struct Round: Encodable {
    let name: String
    let moving: String
    let registered: String
    let verdicts: [String: Int]
    let flaggedBlocks: Int
    let insidePercent: Double
    let foldingPercent: Double
    let minimumJacobian: Double
    let isFlagged: Bool
  }

  struct Failure: Encodable {
    let name: String
    let error: String
    let hint: String?
  }

  let folder: String
  let rounds: [Round]
  /// Rounds that are not registered.
  let failed: [Failure]
  /// The page over all; `nil` where it could not be written.
  let report: String?
  let peakMemory: Int

  /// Writes the reports that are missing, prints what was found, a line for each round, and says which failed.
  ///
  /// - Returns: how the command ends.
  /// - Throws: `PipelineError` where a round failed; `CancellationError`.
  @discardableResult
  static func tell(_ result: RoundsResult, _ console: Console, _ output: OutputArguments, isStrict: Bool = false) throws -> ExitStatus {
    for round in result.rounds where !FileManager.default.fileExists(atPath: round.folder + "/" + RegistrationReport.pageName) {
      _ = try ReportCommand.write(after: round.folder, console)
    }
    let summary = RoundsSummary(result, report: result.rounds.isEmpty ? nil : ReportCommand.writeRounds(after: result.folder, console))
    if output.json { try console.print(json: summary) } else if !result.rounds.isEmpty { console.print(summary.text) }
    if !result.failures.isEmpty { throw summary.failure(canResume: result.canResume) }
    guard result.isFlagged else { return .done }
    if isStrict {
      let flagged = result.rounds.filter(\.isFlagged).map(\.name).joined(separator: ", ")
      console.warn("in \(flagged) blocks are flagged, the map folds, or the images hardly overlap: see blocks.csv of each")
    }
    if !output.json, !output.quiet {
      console.advise("`weft refine \(result.folder)/NAME --blocks flagged` tries the flagged blocks of a round again, with other settings")
    }
    return isStrict ? .flagged : .done
  }

  private init(_ result: RoundsResult, report: String?) {
    folder = result.folder
    rounds = result.rounds.map { round in
      Round(
        name: round.name, moving: round.moving, registered: round.registered,
        verdicts: Dictionary(uniqueKeysWithValues: round.verdicts.map { ($0.key.rawValue, $0.value) }), flaggedBlocks: round.flaggedBlocks,
        insidePercent: round.map.insidePercent, foldingPercent: round.map.foldingPercent, minimumJacobian: round.map.minimumJacobian,
        isFlagged: round.isFlagged)
    }
    failed = result.failures.map { failure in
      Failure(
        name: failure.name, error: failure.error.localizedDescription, hint: (failure.error as? any LocalizedError)?.recoverySuggestion)
    }
    self.report = report
    peakMemory = PeakMemory.bytes()
  }

  var text: String {
    var rows = [["round", "blocks", "flagged", "overlap", "folding", "least Jacobian"]]
    for round in rounds {
      rows.append([
        round.name, String(round.verdicts.values.reduce(0, +)), String(round.flaggedBlocks),
        Numbers.text(round.insidePercent, digits: 2) + " %", Numbers.text(round.foldingPercent, digits: 4) + " %",
        Numbers.text(round.minimumJacobian, digits: 3),
      ])
    }
    var facts = [("peak memory", MemoryBudget.describe(peakMemory)), ("result", folder)]
    if let report { facts.append(("report", report)) }
    return Numbers.columns(rows) + "\n\n" + Numbers.table(facts)
  }

  /// What is wrong with the rounds that failed; why each did was said when it did.
  private func failure(canResume: Bool) -> PipelineError {
    let count = rounds.count + failed.count
    let names = failed.map(\.name).joined(separator: ", ")
    let own = failed.compactMap { failure in failure.hint.map { "\(failure.name): \($0)" } }
    let goOn = canResume ? ["`weft resume \(folder)` tries again, and keeps what is done"] : []
    return PipelineError(
      "\(failed.count) of \(count) rounds \(failed.count == 1 ? "is" : "are") not registered: \(names)",
      hint: own.isEmpty && goOn.isEmpty ? nil : (own + goOn).joined(separator: "; "))
  }
}
