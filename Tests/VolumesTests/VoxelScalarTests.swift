// SPDX-License-Identifier: Apache-2.0

import Testing
import Volumes

struct VoxelScalarTests {
  @Test func realsSaturateAndRoundHalfToEven() {
    #expect(UInt8.saturating(real: Float(300)) == 255)
    #expect(UInt8.saturating(real: Float(-3)) == 0)
    #expect(UInt8.saturating(real: Float.nan) == 0)
    #expect(Int16.saturating(real: Double.infinity) == 32767)
    #expect(UInt16.saturating(real: Float(2.5)) == 2)
    #expect(UInt16.saturating(real: Float(3.5)) == 4)
    #expect(UInt64.saturating(real: Float(1e30)) == .max)
    #expect(Int64.saturating(real: Double(-1e30)) == .min)
  }

  @Test func labelsAbove24BitsKeepTheirValue() {
    let label: UInt64 = 0x1234_5678_9ABC_DEF1
    #expect(label.saturated(to: UInt64.self) == label)
    #expect(UInt32(16_777_217).saturated(to: Int64.self) == 16_777_217)
    #expect(label.saturated(to: UInt32.self) == .max)
    #expect(Int32(-5).saturated(to: UInt64.self) == 0)
  }

  @Test func everyTypeNamesItsOwnFormat() {
    for type in VoxelType.allCases { #expect(type.scalar.voxelType == type) }
  }
}
