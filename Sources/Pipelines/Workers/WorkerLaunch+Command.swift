// SPDX-License-Identifier: Apache-2.0

extension WorkerLaunch {
  /// A command of the user, run by `/bin/sh`.
  init(command: String) {
    self.init(
      program: "`\(command)`", backend: "command", arguments: { _ in ["/bin/sh", "-c", command] },
      startHint: "run the command by hand: it must start without an error and wait for messages on standard input")
  }
}
