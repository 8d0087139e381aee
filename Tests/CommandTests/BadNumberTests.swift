// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// Numbers on the command line that no image takes.
struct BadNumberTests {
  @Test(arguments: [
    ("--fixed-spacing 0,1,1", "a spacing of 0.0 for"), ("--fixed-spacing=-1,1,1", "a spacing of -1.0 for"),
    ("--moving-spacing nan,1,1", "a spacing of nan for"), ("--moving-spacing inf,1,1", "a spacing of inf for"),
    ("--fixed-spacing 1,1", "has 3 spatial axes, and the spacing names 2"), ("--moving-spacing 1e-300,1,1", "which no image has"),
    ("--moving-spacing 1e300,1,1", "which no image has"), ("--moving-spacing 1e9,1e9,1e9", "do not belong together"),
    ("--fixed-channel 3", "has no channel 3: it has 1"), ("--moving-channel 1", "has no channel 1: it has 1"),
    ("--chunk-size 8,8", "--chunk-size 8,8 does not fit an image of 3 axes"), ("--region 0:80,0:9,0:9", "does not lie inside"),
    ("--region 0:9,0:9", "does not lie inside"), ("--region 9223372036854775806:9223372036854775807,0:9,0:9", "does not lie inside"),
    ("--memory 1MB", "--memory allows 1.0 MB"), ("--blend-sigma 0", "--blend-sigma 0.0 is not above 0"),
  ])
  func aValueThatDoesNotFitIsRefused(option: String, message: String) async throws {
    try await withImagePair { folder in
      await expectError("register @a.nrrd @b.nrrd -o @out \(option)", in: folder, [message])
      await expectError("plan register @a.nrrd @b.nrrd \(option)", in: folder, [message])
      #expect(!folder.names().contains("out"))
    }
  }

  @Test(arguments: [
    "--overlap 1", "--overlap=-0.1", "--overlap nan", "--overlap 99999999999999999999vx", "--downsample 0", "--memory 0", "--memory=-1GB",
    "--memory 99999999999999999999GB", "--threads 0", "--threads=-2", "--threads=", "--blend-sigma nan", "--chunk-size 0",
    "--chunk-size 8,x,8",
    "--region 5:5,0:9,0:9", "--format png", "--ome-version 0.6", "--metric ssd", "--engine elastix", "--accuracy best", "--stages ,",
    "--interpolation spline", "--overwite",
  ])
  func aValueThatNoImageTakesIsWrongUsage(option: String) async throws {
    try await withImagePair { await expectError("register @a.nrrd @b.nrrd -o @out \(option)", in: $0, status: .wrongUsage, []) }
  }

  /// Numbers far beyond what is sensible are clipped, and do not trap.
  @Test(arguments: [
    "--overlap 9223372036854775807vx", "--overlap 0vx", "--chunk-size 9223372036854775807", "--chunk-size 1",
    "--downsample 9223372036854775807",
    "--threads 999999999999", "--threads 9223372036854775807", "--memory 9000PB", "--memory 9GB",
  ])
  func aValueOutOfAllProportionIsClipped(option: String) async throws {
    try await withImagePair { folder in
      let plan = await weft("plan register @a.nrrd @b.nrrd \(option)", in: folder)
      let isRefused = plan.status == .wrongUsage && plan.errors.hasPrefix("error: ")
      #expect(plan.status == .done || isRefused, "\(plan.errors)")
    }
  }

  @Test(arguments: ["--threads 999999999999", "--downsample 9223372036854775807", "--overlap 9223372036854775807vx"])
  func aRunWithSuchAValueEnds(option: String) async throws {
    try await withImagePair { folder in
      let run = await weft("register @a.nrrd @b.nrrd -o @out --stages affine,fine \(option)", in: folder)
      #expect(run.status == .done, "\(run.errors)")
    }
  }

  @Test(arguments: [[1, 1], [7, 7], [1, 500], [2, 2, 2]])
  func anImageOfTooFewVoxelsIsRefused(lengths: [Int]) async throws {
    try await withImagePair { folder in
      try folder.nrrd("few.nrrd", lengths)
      await expectError("register @few.nrrd @few.nrrd -o @out", in: folder, ["few.nrrd", "too few to register"])
    }
  }

  /// Lattices of one plane, one column, or far longer than wide are odd, and do not trap.
  @Test(
    arguments: [
      ([33, 2, 2], [1, 1, 1]), ([1, 32, 40], [1, 1, 1]), ([32, 1, 40], [1, 1, 1]), ([32, 40, 1], [1, 1, 1]), ([64, 1, 1], [1, 1, 1]),
      ([8, 900], [1, 1]), ([20, 20, 20], [1000, 1, 1]),
    ] as [([Int], [Double])])
  func anOddLatticeIsRegisteredOrRefused(lengths: [Int], spacing: [Double]) async throws {
    try await withImagePair { folder in
      try folder.nrrd("odd.nrrd", lengths, spacing: spacing)
      let run = await weft("register @odd.nrrd @odd.nrrd -o @out --accuracy draft", in: folder)
      if run.status == .done {
        #expect(folder.names().contains("out"))
      } else {
        #expect(run.status == .failed && run.errors.contains("error: "), "\(run.errors)")
        #expect(!folder.names().contains("out"))
      }
    }
  }
}
