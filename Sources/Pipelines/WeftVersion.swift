// SPDX-License-Identifier: Apache-2.0

/// The version of Weft.
public enum WeftVersion {
  /// As `weft --version` prints it.
  public static let current = "0.1.0"
}
