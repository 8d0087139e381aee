// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// Options that several verbs have, which mean the same everywhere.
extension Option {
  static func axes(_ field: any WritableKeyPath<Arguments, String?> & Sendable) -> Option {
    .value("--axes", at: field, "NAMES", "Names of the axes where the file lacks them or has wrong ones, as cyx", fallback: "the file's")
  }

  static func spacing(_ field: any WritableKeyPath<Arguments, [Double]?> & Sendable) -> Option {
    .parsed(
      "--spacing", at: field, "Z,Y,X", "Distance between voxels, in place of the file's", expected: Values.spacingExpected,
      fallback: "the file's"
    ) { Values.spacing($0).map(Optional.some) }
  }

  static func threads(
    _ field: any WritableKeyPath<Arguments, Int?> & Sendable, _ summary: String = "Threads that compute; the result does not depend on it",
    fallback: String = "all processors"
  ) -> Option {
    .parsed("--threads", "-j", at: field, "N", summary, expected: "a whole number above 0", fallback: fallback) {
      Values.positive($0).map(Optional.some)
    }
  }

  static func memory(
    _ field: any WritableKeyPath<Arguments, MemoryBudget?> & Sendable, fallback: String = "four fifths of what is available"
  ) -> Option {
    .parsed(
      "--memory", at: field, "SIZE", "The most memory the process may take, as 8GB or 500MB", expected: "a size as 8GB or 500MB",
      fallback: fallback
    ) { MemoryBudget($0).map(Optional.some) }
  }

  static func retries(_ field: any WritableKeyPath<Arguments, Int> & Sendable) -> Option {
    .parsed(
      "--retries", at: field, "N", "How often a task that fails is tried again", expected: "a whole number from 0"
    ) { Values.natural($0) }
  }

  static func channels(_ field: any WritableKeyPath<Arguments, [Int]> & Sendable) -> Option {
    .parsed(
      "--channels", at: field, "C,…", "The channels that are looked at, counted from 0", expected: "channels counted from 0, as 0 or 0,1"
    ) { Values.channels($0) }
  }

  static func finestLevel(_ field: any WritableKeyPath<Arguments, Int> & Sendable) -> Option {
    .parsed(
      "--finest-level", at: field, "N", "The level of the image that is read; 0 is the finest", expected: "a whole number from 0"
    ) { Values.natural($0) }
  }

  static func tileShape(_ field: any WritableKeyPath<Arguments, [Int]?> & Sendable) -> Option {
    .parsed(
      "--tile-shape", at: field, "Z,Y,X|auto", "Voxels of a tile's core", expected: Values.lengthsExpected,
      fallback: "auto: as large as the memory allows"
    ) { $0 == "auto" ? .some(nil) : Values.lengths($0).map(Optional.some) }
  }

  static func tileOverlap(_ field: any WritableKeyPath<Arguments, Overlap?> & Sendable, fallback: String) -> Option {
    .parsed(
      "--overlap", at: field, "FRACTION|Nvx", "How far a tile reads beyond its core, on each side: 0.15 of it, or 60vx",
      expected: "a fraction from 0 to 1, as 0.15, or voxels, as 60vx", fallback: fallback
    ) { Overlap($0).map(Optional.some) }
  }

  static func timeout(_ field: any WritableKeyPath<Arguments, Double?> & Sendable) -> Option {
    .parsed(
      "--timeout", at: field, "SECONDS", "How long the program may take for a tile", expected: "seconds above 0",
      fallback: "as long as it likes"
    ) { Double($0).flatMap { $0 > 0 && $0.isFinite ? .some($0) : nil } }
  }
}
