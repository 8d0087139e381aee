// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Volumes

/// A file of a run that holds lists of numbers by name, each compressed and with a digest, so that one can be read without the others.
///
///     8 bytes   length of the header
///     header    of each list: the length of its name, the name, count, offset, bytes and digest; numbers of 8 bytes
///     8 bytes   digest of the header
///     lists     compressed numbers, one after the other
struct SectionedFile {
  struct Section {
    var name: String
    var count: Int
    var offset: Int
    var bytes: Int
    var digest: UInt64
  }

  /// The lists of a file to be written.
  struct Contents {
    private(set) var sections: [Section] = []
    private(set) var data = Data()

    /// Adds a list.
    mutating func add<Number: VoxelScalar>(_ name: String, _ numbers: [Number], areLabels: Bool = false) throws {
      let packed = try PackedNumbers.pack(numbers, areLabels: areLabels)
      sections.append(
        Section(name: name, count: numbers.count, offset: data.count, bytes: packed.count, digest: Digest(packed).value))
      data.append(contentsOf: packed)
    }

    /// Writes the file whole, or not at all.
    ///
    /// - Returns: its bytes.
    @discardableResult
    func write(to url: URL) throws -> Int {
      let header = SectionedFile.header(sections)
      var file = SectionedFile.bytes(of: UInt64(header.count))
      file.append(header)
      file.append(SectionedFile.bytes(of: Digest(header).value))
      file.append(data)
      do { try file.write(to: url, options: .atomic) } catch {
        throw RunError(
          "\(url.path) cannot be written: \(RunError.reason(error))", hint: "free some space, then go on with the same command")
      }
      return file.count
    }
  }

  let url: URL
  private let sections: [String: Section]
  /// Where the lists begin.
  private let start: Int
  /// How the file begins: all of it where it is small, so that many small lists are read at once.
  private let beginning: [UInt8]

  /// What is read of a file at first.
  private static let beginningBytes = 1 << 15

  /// Reads the header.
  ///
  /// - Throws: `DamagedOutput` where it is not what was written.
  init(_ url: URL) throws {
    self.url = url
    func damaged(_ reason: String) -> DamagedOutput { DamagedOutput(path: url.path, reason: reason) }
    guard FileManager.default.fileExists(atPath: url.path) else { throw damaged("it is gone") }
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    var beginning = [UInt8](try handle.read(upToCount: Self.beginningBytes) ?? Data())
    guard beginning.count >= 16 else { throw damaged("it is shorter than it was") }
    let length = Self.number(beginning[0..<8])
    guard length < 1 << 32 else { throw damaged("its header is another") }
    start = 16 + Int(length)
    if beginning.count < start { beginning += [UInt8](try handle.read(upToCount: start - beginning.count) ?? Data()) }
    guard beginning.count >= start else { throw damaged("it is shorter than it was") }
    let header = Array(beginning[8..<start - 8])
    guard Self.number(beginning[start - 8..<start]) == Digest(header).value, let found = Self.sections(of: header) else {
      throw damaged("its header is another")
    }
    sections = Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.beginning = beginning
  }

  /// The list of that name; empty where there is none.
  ///
  /// - Throws: `DamagedOutput` where it is not what was written.
  func read<Number: VoxelScalar>(_ name: String, as type: Number.Type) throws -> [Number] {
    guard let section = sections[name] else { return [] }
    let bytes = try bytes(of: section)
    guard bytes.count == section.bytes, Digest(bytes).value == section.digest,
      let numbers = PackedNumbers.unpack(bytes, count: section.count, as: type)
    else { throw DamagedOutput(path: url.path, reason: "the list \(name) is another") }
    return numbers
  }

  private func bytes(of section: Section) throws -> [UInt8] {
    let first = start + section.offset
    if first + section.bytes <= beginning.count { return Array(beginning[first..<first + section.bytes]) }
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(first))
    return [UInt8](try handle.read(upToCount: section.bytes) ?? Data())
  }

  private static func header(_ sections: [Section]) -> Data {
    var header = Data()
    for section in sections {
      let name = Data(section.name.utf8)
      header.append(bytes(of: UInt64(name.count)))
      header.append(name)
      for number in [section.count, section.offset, section.bytes] { header.append(bytes(of: UInt64(number))) }
      header.append(bytes(of: section.digest))
    }
    return header
  }

  /// `nil` where the bytes are no header.
  private static func sections(of header: [UInt8]) -> [Section]? {
    var rest = header[...]
    func number() -> UInt64? {
      guard rest.count >= 8 else { return nil }
      defer { rest = rest.dropFirst(8) }
      return Self.number(rest.prefix(8))
    }
    var sections: [Section] = []
    while !rest.isEmpty {
      guard let length = number(), length <= rest.count else { return nil }
      let name = String(decoding: rest.prefix(Int(length)), as: UTF8.self)
      rest = rest.dropFirst(Int(length))
      guard let count = number(), let offset = number(), let bytes = number(), let digest = number(), max(count, offset, bytes) < 1 << 48
      else { return nil }
      sections.append(Section(name: name, count: Int(count), offset: Int(offset), bytes: Int(bytes), digest: digest))
    }
    return sections
  }

  private static func bytes(of number: UInt64) -> Data { unsafe withUnsafeBytes(of: number.littleEndian) { unsafe Data($0) } }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
