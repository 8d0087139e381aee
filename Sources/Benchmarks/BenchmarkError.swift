// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What went wrong, and what to do about it.
struct BenchmarkError: LocalizedError {
  let errorDescription: String?
  let recoverySuggestion: String?

  init(_ message: String, hint: String? = nil) {
    errorDescription = message
    recoverySuggestion = hint
  }
}

/// What went wrong was printed by the program that failed.
struct AlreadyTold: Error {}
