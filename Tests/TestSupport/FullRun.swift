// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Whether this is `Tests/run --full`, where tests may be slow.
public let isFullRun = !(ProcessInfo.processInfo.environment["WEFT_FULL"] ?? "").isEmpty
