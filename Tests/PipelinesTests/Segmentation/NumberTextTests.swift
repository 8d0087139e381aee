// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pipelines
import TestSupport
import Testing

struct NumberTextTests {
  private func text(_ value: Double) -> String {
    var bytes: [UInt8] = []
    NumberText.append(value, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func numbersAreWrittenAsPrintfDoes() {
    var random = SeededGenerator(seed: 1)
    var values: [Double] = [
      0, -0.0, 1, -1, 0.1, 0.5, 1e-4, 9.9999999999e-5, 1e9, 999_999_999.96, 99999.999995, 0.3, 1 / 3.0, 1e300, .nan, .infinity,
    ]
    for _ in 0..<100_000 {
      let exponent = Double.random(in: -6...12, using: &random)
      values.append(pow(10, exponent) * (Bool.random(using: &random) ? 1 : -1))
      // As centroids are: a whole number over another; and halves of the last digit.
      values.append(Double(Int.random(in: 0...1_000_000_000, using: &random)) / Double(Int.random(in: 1...5000, using: &random)))
      values.append(Double(Int.random(in: 0...99_999_999_999, using: &random)) / 1e6)
    }
    let wrong = values.filter { text($0) != String(format: "%.10g", $0) }
    #expect(wrong.isEmpty, "\(wrong.prefix(5).map { "\($0): \(text($0))" })")
  }

  @Test func wholeNumbersAreWritten() {
    for value in [0, 7, -12, 1_000_000, Int.max, Int.min] {
      var bytes: [UInt8] = []
      NumberText.append(value, to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
    }
  }
}
