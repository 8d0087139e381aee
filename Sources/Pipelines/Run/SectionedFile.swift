// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Volumes

/// A file of a run that holds lists of numbers by name, each compressed and with a digest, so that one can be read without the others.
///
///     8 bytes   length of the header
///     header    JSON: name, count, offset, bytes and digest of each list
///     8 bytes   digest of the header
///     lists     compressed numbers, one after the other
struct SectionedFile {
  struct Section: Codable {
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
    mutating func add<Number: VoxelScalar>(_ name: String, _ numbers: [Number]) throws {
      let packed = try PackedNumbers.pack(numbers)
      sections.append(
        Section(name: name, count: numbers.count, offset: data.count, bytes: packed.count, digest: Digest(packed).value))
      data.append(contentsOf: packed)
    }

    /// Writes the file whole, or not at all.
    ///
    /// - Returns: its bytes.
    @discardableResult
    func write(to url: URL) throws -> Int {
      let header = try RunFolder.encoder.encode(sections)
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
  private let start: Int

  /// Reads the header.
  ///
  /// - Throws: `DamagedOutput` where it is not what was written.
  init(_ url: URL) throws {
    self.url = url
    guard FileManager.default.fileExists(atPath: url.path) else { throw DamagedOutput(path: url.path, reason: "it is gone") }
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    func read(_ count: Int) throws -> Data {
      guard let data = try handle.read(upToCount: count), data.count == count else {
        throw DamagedOutput(path: url.path, reason: "it is shorter than it was")
      }
      return data
    }
    let length = Self.number(try read(8))
    guard length < 1 << 32 else { throw DamagedOutput(path: url.path, reason: "its header is another") }
    let header = try read(Int(length))
    guard Self.number(try read(8)) == Digest(header).value, let found = try? RunFolder.decoder.decode([Section].self, from: header) else {
      throw DamagedOutput(path: url.path, reason: "its header is another")
    }
    sections = Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    start = 16 + Int(length)
  }

  /// The list of that name; empty where there is none.
  ///
  /// - Throws: `DamagedOutput` where it is not what was written.
  func read<Number: VoxelScalar>(_ name: String, as type: Number.Type) throws -> [Number] {
    guard let section = sections[name] else { return [] }
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(start + section.offset))
    let bytes = [UInt8](try handle.read(upToCount: section.bytes) ?? Data())
    guard bytes.count == section.bytes, Digest(bytes).value == section.digest,
      let numbers = PackedNumbers.unpack(bytes, count: section.count, as: type)
    else { throw DamagedOutput(path: url.path, reason: "the list \(name) is another") }
    return numbers
  }

  /// How many numbers the list of that name has.
  func count(of name: String) -> Int { sections[name]?.count ?? 0 }

  private static func bytes(of number: UInt64) -> Data { unsafe withUnsafeBytes(of: number.littleEndian) { unsafe Data($0) } }

  private static func number(_ data: Data) -> UInt64 { data.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
