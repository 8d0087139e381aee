// SPDX-License-Identifier: Apache-2.0

import Commands
import Testing

struct ProgressDisplayTests {
  @Test(arguments: [
    (0, 8, 0.0, "0/8"), (4, 8, 2.0, "4/8, 2.0/s, 0:02 left"), (1, 64, 10.0, "1/64, 10.0 s each, 10:30 left"),
    (10, 3610, 10.0, "10/3610, 1.0/s, 1:00:00 left"),
  ])
  func theStatusTellsRateAndTimeLeft(done: Int, tasks: Int, seconds: Double, expected: String) {
    #expect(ProgressDisplay.status(done: done, of: tasks, seconds: seconds) == expected)
  }

  @Test(arguments: [20, 40, 60, 80, 200])
  func aBarFitsTheTerminal(width: Int) {
    let bar = ProgressDisplay.bar("registered, level 12", done: 5, of: 10, seconds: 3, width: width)
    #expect(bar.count < width)
    if width >= 80 { #expect(bar.contains("#") && bar.contains("-]")) }
  }
}
