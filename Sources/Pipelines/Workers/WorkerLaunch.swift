// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Which program to start, and how messages call it.
struct WorkerLaunch: Sendable {
  /// What messages call the program, as `` `python my.py` ``.
  let program: String
  /// What the program is asked to be, in `init`.
  let backend: String
  /// Its name and what it is called with, given the folder of Python modules.
  let arguments: @Sendable (_ modules: String) -> [String]
  /// What to do where it cannot be started.
  let startHint: String

  /// The variables that the program sees.
  ///
  /// - Parameter modules: the folder of Python modules.
  func environment(modules: String, threads: Int?) -> [String: String] {
    var variables = ProcessInfo.processInfo.environment
    variables["PYTHONPATH"] = ([modules] + [variables["PYTHONPATH"]].compactMap { $0 }.filter { !$0.isEmpty }).joined(separator: ":")
    // What a program prints arrives when it is printed, and no folder of compiled modules is left behind.
    variables["PYTHONUNBUFFERED"] = "1"
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    if let threads {
      for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"] where variables[name] == nil {
        variables[name] = "\(threads)"
      }
    }
    return variables
  }
}
