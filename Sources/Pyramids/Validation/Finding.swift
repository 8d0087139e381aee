// SPDX-License-Identifier: Apache-2.0

/// Something about an OME-Zarr that is not as the specification has it.
public struct Finding: Sendable, Equatable, Codable {
  /// How bad it is.
  public enum Severity: String, Sendable, Codable {
    /// The specification forbids it.
    case error
    /// It is allowed, and makes trouble, or the specification advises against it.
    case warning
  }

  /// How bad it is.
  public var severity: Severity
  /// The file or the member that it is about, as `a.ome.zarr/zarr.json: multiscales[0].axes`.
  public var place: String
  /// What is wrong, with both sides of a mismatch.
  public var message: String
  /// How to mend it.
  public var hint: String
}

/// Findings as they are gathered, all about one file.
struct FindingList {
  /// The file.
  let file: String
  private(set) var findings: [Finding] = []

  init(file: String) { self.file = file }

  mutating func error(_ member: String, _ message: String, hint: String) { add(.error, member, message, hint) }

  mutating func warning(_ member: String, _ message: String, hint: String) { add(.warning, member, message, hint) }

  private mutating func add(_ severity: Finding.Severity, _ member: String, _ message: String, _ hint: String) {
    findings.append(
      Finding(
        severity: severity, place: [file, member].filter { !$0.isEmpty }.joined(separator: ": "), message: message, hint: hint))
  }
}
