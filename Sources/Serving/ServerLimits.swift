// SPDX-License-Identifier: Apache-2.0

/// What clients may take of a server. Beyond the limits they wait, or their connections are closed.
public struct ServerLimits: Sendable {
  /// Connections that are answered at one time, each by a thread of its own; others wait to be accepted.
  public var connections = 128
  /// Bytes of a request's head.
  public var headBytes = 16_384
  /// How long a connection may lie idle between requests, seconds.
  public var idleSeconds = 15.0
  /// How long a head may take from its first byte to its last, seconds.
  public var headSeconds = 10.0
  /// How long a client may take over each MiB that it is sent, seconds.
  public var pieceSeconds = 60.0

  /// Limits that viewers never meet.
  public init() {}
}
