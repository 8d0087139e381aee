// SPDX-License-Identifier: Apache-2.0

public import CommandLineParsing
public import Weft

extension Preset: ArgumentValue {}
extension RegistrationEngine: ArgumentValue {}
extension Accuracy: ArgumentValue {}
extension RegistrationMetric: ArgumentValue {}
extension OutputInterpolation: ArgumentValue {}
extension OutputFormat: ArgumentValue {}
extension ApplyOptions.Target: ArgumentValue {}
extension ApplyOptions.Cover: ArgumentValue {}
extension DatasetSplit.Part: ArgumentValue {}
extension OMEVersion: ArgumentValue {}
extension SegmentationMethod: ArgumentValue {}
extension Downsampling: ArgumentValue {}
extension TransformFormat: ArgumentValue {}
extension RegistrationPart: ArgumentValue {}
extension ExecutorOptions.Engine: ArgumentValue {}
extension PlanExport.Format: ArgumentValue {}

/// Values with a grammar of their own.
enum Values {
  /// `64` or `32,64,64`: whole numbers above zero.
  static func lengths(_ text: String) -> [Int]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let numbers = parts.compactMap(\.self)
    return numbers.count == parts.count && (1...3).contains(numbers.count) && numbers.allSatisfy { $0 > 0 } ? numbers : nil
  }
  static let lengthsExpected = "a whole number above 0, or one for each axis as Z,Y,X"

  /// `8,2,1`: whole numbers above zero.
  static func scales(_ text: String) -> [Int]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let numbers = parts.compactMap(\.self)
    return numbers.count == parts.count && !numbers.isEmpty && numbers.allSatisfy { $0 > 0 } ? numbers : nil
  }

  /// `2,0.5,0.5`: numbers; their sign is judged where the image is known.
  static func spacing(_ text: String) -> [Double]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    let numbers = parts.compactMap(\.self)
    return numbers.count == parts.count && (2...3).contains(numbers.count) ? numbers : nil
  }
  static let spacingExpected = "a distance for each axis, as 2,0.5,0.5"

  /// `0:64,0:256,128:256`: a half-open range for each axis.
  static func region(_ text: String) -> [Range<Int>]? {
    var ranges: [Range<Int>] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let bounds = part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      guard bounds.count == 2, let lower = bounds[0], let upper = bounds[1], lower >= 0, lower < upper else { return nil }
      ranges.append(lower..<upper)
    }
    return (2...3).contains(ranges.count) ? ranges : nil
  }
  static let regionExpected = "a range for each axis, as 0:64,0:256,128:256"

  /// `affine,warp,fine` or some of them.
  static func stages(_ text: String) -> Set<RegistrationStage>? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { RegistrationStage(rawValue: String($0)) }
    let stages = parts.compactMap(\.self)
    return stages.count == parts.count && Set(stages).count == stages.count ? Set(stages) : nil
  }
  static let stagesExpected = "some of \(RegistrationStage.allCases.map(\.rawValue).joined(separator: ",")), each once, joined by commas"

  /// `0` or `0,1`: whole numbers from zero.
  static func channels(_ text: String) -> [Int]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { natural(String($0)) }
    let channels = parts.compactMap(\.self)
    return channels.count == parts.count ? channels : nil
  }

  /// `residual=1.5,evidence=40`: where verdicts on blocks change; what is not named stays.
  static func thresholds(_ text: String) -> VerdictThresholds? {
    var result = VerdictThresholds()
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let value = Double(sides[1]), value >= 0, value.isFinite else { return nil }
      switch sides[0] {
      case "residual": result.residual = value
      case "evidence": result.evidence = value
      case "disagreement": result.disagreement = value
      case "folding": result.folding = value
      case "tissue": result.tissue = value
      default: return nil
      }
    }
    return result
  }
  static let thresholdsExpected =
    "numbers from 0 for some of residual, evidence, disagreement, folding and tissue, as residual=1.5,evidence=40"

  /// `-1000`, `0.5` or `nan`; of a whole number beyond what `Double` holds exactly, none.
  static func exact(_ text: String) -> Double? {
    guard let number = Double(text) else { return nil }
    return Int(text).map { Int(exactly: number) == $0 } ?? true ? number : nil
  }

  /// `0.01`: a number above zero.
  static func aboveZero(_ text: String) -> Double? { Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil } }

  static func natural(_ text: String) -> Int? { Int(text).flatMap { $0 >= 0 ? $0 : nil } }
  static func positive(_ text: String) -> Int? { Int(text).flatMap { $0 > 0 ? $0 : nil } }
}
