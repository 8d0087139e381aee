// SPDX-License-Identifier: Apache-2.0

/// The programs that this process started: workers, schedulers' commands.
public enum RunningPrograms {
  /// Ends all of them with what they started, at once, and any that is started later: for a process that is about to end, and cannot wait for
  /// its runs to end them.
  public static func endAll() { ChildProcess.endAll() }
}
