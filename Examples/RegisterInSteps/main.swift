// SPDX-License-Identifier: Apache-2.0

// Registers two images step by step with the Swift API.
//
//   swift run -c release RegisterInSteps                       on a phantom that it makes
//   swift run -c release RegisterInSteps FIXED MOVING OUTPUT   on images of yours

import Foundation
import Weft

let arguments = CommandLine.arguments.dropFirst()
let work = FileManager.default.temporaryDirectory.appendingPathComponent("weft-example-\(ProcessInfo.processInfo.processIdentifier)").path
defer { try? FileManager.default.removeItem(atPath: work) }

// Without paths: a synthetic pair with its known transform.
var paths = Array(arguments)
if paths.isEmpty {
  var phantom = PhantomOptions()
  phantom.shape = [64, 80, 72]
  try await Phantom(phantom).write(into: work)
  paths = [work + "/fixed.ome.zarr", work + "/moving.ome.zarr", work + "/out"]
}
guard paths.count == 3 else {
  print("usage: RegisterInSteps [FIXED MOVING OUTPUT]")
  exit(2)
}

var options = RegistrationOptions.preset(.auto)
options.blockExtent = [48]
options.overlap = .fraction(0.25)

// Opening reads no voxel; making the registration checks that the two fit together, and plans.
let registration = try ChunkedRegistration(fixed: .open(paths[0]), moving: .open(paths[1]), options: options)
print("\(registration.grid.count) blocks of \(registration.grid.core) voxels, halo \(registration.grid.halo)")

let coarse = try await registration.registerCoarse()
print("coarse: started from \(coarse.start), local correlation \(coarse.quality.start) before, \(coarse.quality.warp ?? .nan) after")

for block in registration.grid.prefix(3) { print("block \(block.number): \(block.core), with its halo \(block.extended)") }

let fields = try await registration.registerBlocks(coarse)
for record in fields.records { print("block \(record.block.number): \(record.state.rawValue)") }

let result = try await registration.resample(coarse, fields, into: paths[2])
print("wrote \(result.registered); folding \(result.map.foldingPercent) %")

// The phantom knows how far off the result is.
if arguments.isEmpty {
  let errors = try EndPointErrors(of: TransformFolder.open(paths[2]), against: PhantomTruth.read(from: work)).foreground
  print("mean error: \(errors.before.mean) voxels before, \(errors.after.mean) after")
  guard errors.after.mean < 0.5 * errors.before.mean else {
    print("error: the registration did not find the phantom's transform")
    exit(1)
  }
}
