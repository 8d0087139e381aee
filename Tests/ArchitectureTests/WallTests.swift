// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The walls between the targets, read off the import lines.
struct WallTests {
  static let system: Set<String> = ["Foundation", "FoundationXML", "Dispatch", "Synchronization", "Glibc"]

  /// What each target may import besides the system's modules.
  static let allowed: [String: Set<String>] = [
    "Grids": [], "CommandLineParsing": [], "Volumes": ["Grids"], "BlockExecution": ["Grids", "CKernels"],
    "ChunkStores": ["Grids", "Volumes", "CArchives", "CCodecs", "CWeb"], "Pyramids": ["Grids", "Volumes", "ChunkStores", "BlockExecution"],
    "ImageFiles": ["Grids", "Volumes", "ChunkStores", "CHDF5", "CITK", "CTIFF", "CCodecs"],
    "Transforms": ["Grids", "Volumes", "Filtering", "ChunkStores", "ImageFiles", "CITK"],
    "Filtering": ["Grids", "Volumes", "CKernels", "CFourier"],
    "Registration": ["Grids", "Volumes", "Filtering", "Transforms", "CITK", "CKernels"],
    "Segmentation": ["Grids", "Volumes", "Filtering", "CITK"],
    "Pipelines": [
      "Grids", "Volumes", "BlockExecution", "ChunkStores", "Pyramids", "ImageFiles", "Transforms", "Filtering", "Registration",
      "Segmentation",
    ],
    "Patches": ["Grids", "Volumes", "ChunkStores", "Pyramids", "ImageFiles", "Filtering", "Pipelines"],
    "Reports": ["Grids", "Volumes", "BlockExecution", "ChunkStores", "ImageFiles", "Transforms", "Filtering", "Pipelines"],
    "Weft": [
      "Grids", "Volumes", "BlockExecution", "ChunkStores", "Pyramids", "ImageFiles", "Transforms", "Filtering", "Registration",
      "Segmentation", "Pipelines", "Patches", "Reports", "Serving", "Viewing",
    ],
    "Serving": [], "Viewing": ["Grids", "Volumes", "ChunkStores", "Pyramids", "Pipelines", "Reports", "Serving"],
    "WeftC": ["Weft"], "Commands": ["Weft", "CommandLineParsing"], "WeftTool": ["Commands"],
    "Benchmarks": ["CBenchmarks", "CKernels", "CommandLineParsing", "Filtering", "ImageFiles", "Weft"],
  ]

  static let sources = SourceTree.swiftFiles("Sources")

  @Test func theTreeIsThere() { #expect(Self.sources.count > 50) }

  @Test(arguments: sources)
  func aFileImportsOnlyWhatItsTargetMay(file: SourceTree.File) throws {
    let allowed = try #require(Self.allowed[file.target], "a target that these walls do not know: \(file.target)")
    let strangers = Set(file.imports.map(\.module)).subtracting(allowed).subtracting(Self.system)
    #expect(strangers.isEmpty, "\(file) imports \(strangers.sorted())")
  }

  @Test(arguments: sources)
  func modulesInCStayInternal(file: SourceTree.File) {
    let shims: Set<String> = ["CITK", "CTIFF", "CHDF5", "CArchives", "CCodecs", "CWeb", "CFourier", "CKernels", "CBenchmarks"]
    let shown = file.imports.filter { shims.contains($0.module) && $0.access != "internal" && !$0.access.isEmpty }
    #expect(shown.isEmpty, "\(file) shows \(shown.map(\.module)) to others")
  }

  @Test func gridsAndTheParserImportNothing() {
    for file in Self.sources where file.target == "Grids" || file.target == "CommandLineParsing" {
      #expect(file.imports.isEmpty, "\(file) imports \(file.imports.map(\.module))")
    }
  }

  @Test func engineTargetsNeverTouchADisk() {
    let words = ["FileManager", "FileHandle", "contentsOf", "fopen(", "URL(", "write(to"]
    for file in Self.sources where ["Registration", "Segmentation", "Filtering", "Grids", "Volumes"].contains(file.target) {
      for word in words { #expect(!file.text.contains(word), "\(file) says `\(word)`") }
    }
  }

  @Test func chunkStoresKnowNoSpacing() {
    for file in Self.sources where file.target == "ChunkStores" {
      for word in ["PhysicalSpace", "spacing:", ".spacing"] { #expect(!file.text.contains(word), "\(file) says `\(word)`") }
    }
  }

  @Test func theToolIsUnderTwentyLines() {
    for file in Self.sources where file.target == "WeftTool" {
      #expect(file.text.split(separator: "\n", omittingEmptySubsequences: false).count < 20)
    }
  }
}
