// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The latest answers of all servers, bounded in bytes: chunks that several blocks meet are fetched once.
final class WebAnswers: Sendable {
  /// Those of this process.
  static let shared = WebAnswers()

  /// How long it is believed that something is not there, or what an array looks like.
  private static let freshness = Duration.seconds(10)

  /// What was asked for, and by whom.
  struct Question: Hashable {
    var url: String
    var range: ByteRange?
    var signature: WebAddress.Signature?
    var isMetadata: Bool
  }

  private static let mostBytes = 32 << 20
  /// What is larger would leave no room for others.
  private static let largest = 8 << 20

  private struct State {
    var parts: [Question: (part: ValuePart?, use: UInt64, since: ContinuousClock.Instant)] = [:]
    var bytes = 0
    var uses: UInt64 = 0
  }

  private let state = Mutex(State())

  /// The answer to a question: `nil` inside where there is no such value, outside where it was not asked for lately.
  subscript(_ question: Question) -> ValuePart?? {
    state.withLock { state in
      guard let found = state.parts[question] else { return nil }
      // What may be written meanwhile, or tells of it, is asked for again after a while.
      if found.part == nil || question.isMetadata, found.since.duration(to: .now) > Self.freshness { return nil }
      state.uses += 1
      state.parts[question]!.use = state.uses
      return .some(found.part)
    }
  }

  /// Keeps an answer, and forgets those that were not used for longest where they get too many.
  func keep(_ part: ValuePart?, to question: Question) {
    let size = Self.size(part, question)
    if size > Self.largest { return }
    state.withLock { state in
      if let old = state.parts[question] { state.bytes -= Self.size(old.part, question) }
      state.uses += 1
      state.parts[question] = (part, state.uses, .now)
      state.bytes += size
      guard state.bytes > Self.mostBytes else { return }
      // A quarter at a time, so that looking for the oldest is rare.
      for (question, answer) in state.parts.sorted(by: { $0.value.use < $1.value.use }) where state.bytes > Self.mostBytes / 4 * 3 {
        state.bytes -= Self.size(answer.part, question)
        state.parts[question] = nil
      }
    }
  }

  /// With what the key takes.
  private static func size(_ part: ValuePart?, _ question: Question) -> Int { (part?.bytes.count ?? 0) + question.url.utf8.count + 256 }
}
