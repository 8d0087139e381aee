// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
  .enableExperimentalFeature("SafeInteropWrappers"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

// Swift 6.3.1 crashes (IRGenerator::emitLazyDefinitions) where a module of several files that calls C functions by spans is compiled as
// a whole on several threads; such targets are compiled file by file.
let fileByFile: [SwiftSetting] = [.unsafeFlags(["-no-whole-module-optimization"])]

// Same bytes on every vector width: fused multiply-add is used nowhere, so that wider code paths give the same results.
let kernelFlags: [CXXSetting] = [
  .unsafeFlags(["-O3", "-std=c++17", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"])
]

// What a machine can do at the most: multiply-adds are fused where the source says so.
let benchmarkFlags: [CXXSetting] = [.unsafeFlags(["-O3", "-std=c++17", "-ffp-contract=on", "-Wall", "-Wextra", "-Werror"])]

// Debian's ITK ships no pkg-config file.
let itkFlags: [CXXSetting] = [.unsafeFlags(["-O2", "-std=c++17", "-isystem", "/usr/include/ITK-5.2", "-w"])]
let itkLibraries: [LinkerSetting] = [
  "ITKCommon-5.2", "ITKIOImageBase-5.2", "ITKIONIFTI-5.2", "ITKIONRRD-5.2", "ITKIOMeta-5.2", "ITKIOPNG-5.2", "ITKIOJPEG-5.2",
  "ITKIOTransformBase-5.2", "ITKIOTransformMatlab-5.2", "ITKIOTransformInsightLegacy-5.2", "ITKTransform-5.2",
  "ITKTransformFactory-5.2",
  "ITKRegistrationMethodsv4-5.2", "ITKSmoothing-5.2", "ITKOptimizersv4-5.2", "ITKOptimizers-5.2", "ITKSpatialObjects-5.2",
  "ITKStatistics-5.2", "itkvnl_algo-5.2", "itkvnl-5.2",
  "itksys-5.2", "m", "stdc++",
].map { .linkedLibrary($0) }

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil, settings: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings + settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: swiftSettings)
}

let targets: [Target] = [
  // Shims
  .target(name: "CITK", cxxSettings: itkFlags, linkerSettings: itkLibraries),
  .target(
    name: "CCodecs",
    linkerSettings: [.linkedLibrary("blosc"), .linkedLibrary("zstd"), .linkedLibrary("z"), .linkedLibrary("lz4"), .linkedLibrary("bz2")]),
  .target(name: "CArchives", linkerSettings: [.linkedLibrary("zip")]),
  .target(name: "CWeb", linkerSettings: [.linkedLibrary("curl")]),
  .target(name: "CTIFF", linkerSettings: [.linkedLibrary("tiff")]),
  .target(name: "CHDF5", cSettings: [.unsafeFlags(["-I/usr/include/hdf5/serial"])], linkerSettings: [.linkedLibrary("hdf5_serial")]),
  .target(name: "CFourier", linkerSettings: [.linkedLibrary("fftw3f")]),
  .target(name: "CKernels", cxxSettings: kernelFlags),
  .target(
    name: "CBenchmarks", cxxSettings: benchmarkFlags, linkerSettings: [.linkedLibrary("blosc"), .linkedLibrary("zstd")]),

  // Foundations
  library("Grids"),
  library("Volumes", ["Grids"]),
  library("BlockExecution", ["Grids", "CKernels"], resources: [.embedInCode("Engines/weft_dask.py")]),
  library("ChunkStores", ["Grids", "Volumes", "CArchives", "CCodecs", "CWeb"]),
  library("Pyramids", ["Grids", "Volumes", "ChunkStores", "BlockExecution"]),
  library("ImageFiles", ["Grids", "Volumes", "CCodecs", "CHDF5", "CITK", "CTIFF"]),
  library("Transforms", ["Grids", "Volumes", "Filtering", "ImageFiles", "CITK"]),
  library("Filtering", ["Grids", "Volumes", "CKernels", "CFourier"], settings: fileByFile),
  library("Registration", ["Grids", "Volumes", "Filtering", "Transforms", "CITK", "CKernels"], settings: fileByFile),
  library("Segmentation", ["Grids", "Volumes", "Filtering", "CITK"], settings: fileByFile),
  library(
    "Pipelines",
    [
      "Grids", "Volumes", "BlockExecution", "ChunkStores", "Pyramids", "ImageFiles", "Transforms", "Filtering", "Registration",
      "Segmentation",
    ],
    // Programs that Weft starts are part of it: there is no file to lose.
    resources: ["worker", "cellpose", "stardist"].map { .embedInCode("Workers/Python/weft_\($0).py") }),
  library(
    "Reports",
    [
      "Grids", "Volumes", "BlockExecution", "ChunkStores", "ImageFiles", "Transforms", "Filtering", "Pipelines",
    ],
    resources: ["css", "js"].map { .embedInCode("Page/report.\($0)") }),
  library(
    "Patches", ["Grids", "Volumes", "ChunkStores", "Pyramids", "ImageFiles", "Filtering", "Pipelines"]),
  library("Serving"),
  library("Viewing", ["Grids", "Volumes", "ChunkStores", "Pyramids", "Pipelines", "Reports", "Serving"]),
  library(
    "Weft",
    [
      "Grids", "Volumes", "BlockExecution", "ChunkStores", "Pyramids", "ImageFiles", "Transforms", "Filtering", "Registration",
      "Segmentation", "Pipelines", "Patches", "Reports", "Serving", "Viewing",
    ]),
  library("WeftC", ["Weft"]),
  library("CommandLineParsing"),
  library("Commands", ["Weft", "CommandLineParsing"]),
  .executableTarget(name: "WeftTool", dependencies: ["Commands"], swiftSettings: swiftSettings),
  .executableTarget(
    name: "RegisterInSteps", dependencies: ["Weft"], path: "Examples/RegisterInSteps", swiftSettings: swiftSettings),
  .executableTarget(
    name: "weft-benchmarks",
    dependencies: ["CBenchmarks", "CKernels", "CommandLineParsing", "Filtering", "ImageFiles", "Weft"],
    path: "Sources/Benchmarks", swiftSettings: swiftSettings + fileByFile),

  // Tests
  .target(name: "TestSupport", dependencies: ["Grids", "Volumes"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
  tests("GridsTests", ["Grids"]),
  tests("VolumesTests", ["Volumes", "BlockExecution"]),
  tests("BlockExecutionTests", ["BlockExecution"]),
  tests("ChunkStoresTests", ["ChunkStores"]),
  tests("PyramidsTests", ["Pyramids", "ChunkStores"]),
  tests("ImageFilesTests", ["ImageFiles"]),
  tests("TransformsTests", ["Transforms", "ImageFiles"]),
  tests("FilteringTests", ["Filtering"]),
  tests("RegistrationTests", ["Registration", "Filtering", "Transforms"]),
  tests("SegmentationTests", ["Segmentation", "Filtering", "ImageFiles", "Pipelines"]),
  tests("PipelinesTests", ["Pipelines", "Pyramids", "BlockExecution", "Transforms", "Weft"]),
  tests("PatchesTests", ["Patches", "ChunkStores", "Filtering", "Pipelines", "Pyramids"]),
  tests("ReportsTests", ["Reports", "Grids", "ImageFiles", "Pipelines", "Volumes"]),
  tests("ServingTests", ["Serving"]),
  tests("ViewingTests", ["Viewing", "Pipelines", "Pyramids", "Serving"]),
  tests("CommandLineParsingTests", ["CommandLineParsing"]),
  tests("CommandTests", ["Commands", "Weft", "WeftTool"]),
  tests("ArchitectureTests", []),
]

let package = Package(
  name: "weft",
  products: [
    .executable(name: "weft", targets: ["WeftTool"]), .library(name: "Weft", targets: ["Weft"]),
    .library(name: "WeftC", type: .dynamic, targets: ["WeftC"]),
  ],
  targets: targets,
  cxxLanguageStandard: .cxx17
)
