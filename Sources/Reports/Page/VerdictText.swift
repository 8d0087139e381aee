// SPDX-License-Identifier: Apache-2.0

/// A verdict as a word; flagged ones have a sign before them.
struct VerdictText {
  private let verdict: RecordedVerdict

  init(_ verdict: RecordedVerdict) { self.verdict = verdict }

  var html: HTML { "<span class=\"verdict\(verdict.isFlagged ? " flagged" : "")\">\(verdict.name)</span>" }
}
