// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Weft

/// What differs from the engine's defaults, as `smoothing=1.5,step=3`.
struct Setting: Sendable, ArgumentValue {
  let name: String
  private let values: [Lever: Double]

  enum Lever: String, CaseIterable, Sendable { case smoothing, step, iterations, end, radius, damping }

  init?(argument: String) {
    var values: [Lever: Double] = [:]
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let lever = Lever(rawValue: String(sides[0])), let value = Double(sides[1]), value > 0, value < 1000 else {
        return nil
      }
      values[lever] = value
    }
    name = argument
    self.values = values
  }

  private init() {
    name = "defaults"
    values = [:]
  }

  static let expected =
    "LEVER=NUMBER joined by commas, the levers being \(Lever.allCases.map(\.rawValue).joined(separator: ", "))"
  var argumentText: String? { name }

  /// The rows of Docs/Concepts/engine.md that options can set.
  static let documented =
    [
      "smoothing=1,step=2,iterations=8", "smoothing=1,step=2,iterations=4", "smoothing=1,step=3,iterations=4",
      "smoothing=1.5,step=2,iterations=4", "smoothing=1.5,step=3,iterations=4", "smoothing=1,step=2,iterations=4,radius=4",
      "smoothing=1,step=2,iterations=4,damping=0.2", "smoothing=1,step=2,iterations=8,end=0.2",
    ].map { Setting(argument: $0)! } + [Setting()]

  func options(threads: Int) -> DeformableOptions {
    var options = DeformableOptions.normal
    options.threads = threads
    options.totalSigma = values[.smoothing] ?? options.totalSigma
    options.updateSigma = values[.step] ?? options.updateSigma
    if let count = values[.iterations] { options.iterations[options.iterations.count - 1] = Int(count) }
    if let percent = values[.end] { options.convergenceThreshold = percent / 100 }
    if let radius = values[.radius] { options.metric = .lncc(radius: Int(radius)) }
    options.damping = values[.damping] ?? options.damping
    return options
  }
}
