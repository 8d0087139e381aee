// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `validate` is asked.
struct ValidateArguments: TalkingArguments {
  var path = ""
  var isDeep = false
  var endsWell = false
  var output = OutputArguments()
}

/// `weft validate`
enum ValidateCommand {
  static let command = Command<ValidateArguments>(
    "validate", "check an OME-Zarr against the specification",
    discussion: [
      "Tells, a line a finding, what OME-Zarr 0.4 or 0.5 forbids (error) or what makes trouble in practice (warning), and how to mend it. An "
        + "image is checked with its levels and labels, a plate with its wells. A file is taken for the attributes of a group alone.",
      "Ends with 1 where there is an error. In the specification's conformance harness: "
        + "`ome_zarr_conformance.py zarr -- weft validate --json --exit-zero`.",
    ],
    defaults: ValidateArguments(),
    positionals: [.value("PATH", at: \.path, "An OME-Zarr, or a file of attributes: .zattrs, zarr.json", completion: .file)],
    groups: [
      OptionGroup(
        "Options",
        [
          .flag("--deep", at: \.isDeep, "Read every chunk"),
          .flag("--exit-zero", at: \.endsWell, "End with 0 whatever is found"),
        ] + ValidateArguments.talking)
    ], examples: [CommandExample("check an image and read it whole", "weft validate image.ome.zarr --deep")])

  static let verb = Verb(command) { arguments, console in
    let record = ValidationRecord(try OMEValidator.findings(at: arguments.path, isDeep: arguments.isDeep), arguments.path)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return record.valid || arguments.endsWell ? .done : .failed
  }
}

/// What is printed of a validation.
private struct ValidationRecord: Encodable {
  let valid: Bool
  let message: String
  let findings: [Finding]
  private let path: String

  private enum CodingKeys: String, CodingKey { case valid, message, findings }

  init(_ findings: [Finding], _ path: String) {
    let errors = findings.count { $0.severity == .error }
    self.findings = findings
    self.path = path
    valid = errors == 0
    message = "\(errors) error\(errors == 1 ? "" : "s"), \(findings.count - errors) warning\(findings.count - errors == 1 ? "" : "s")"
  }

  var text: String {
    (findings.map { "\($0.severity.rawValue): \($0.place): \($0.message) (\($0.hint))" } + ["\(path): \(message)"]).joined(separator: "\n")
  }
}
