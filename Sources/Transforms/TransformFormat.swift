// SPDX-License-Identifier: Apache-2.0

/// The kinds of transform files that are read and written.
public enum TransformFormat: String, Sendable, CaseIterable, Codable {
  /// ITK's files: `.mat`, `.tfm` and `.txt` for affine maps, `.h5` for chains, `.nii.gz` and `.nrrd` for displacement fields.
  case itk
  /// The same files by the name under which most know them.
  case ants
  /// A displacement field as OME-Zarr, readable in parts.
  case omeZarr = "ome-zarr"
  /// A table of landmarks of BigWarp.
  case bigwarp
  /// A matrix of greedy and Convert3D.
  case greedy
  /// A parameter file of elastix and transformix.
  case elastix
  /// A matrix of bigstream.
  case bigstream
  /// Coordinate transformations of OME-NGFF 0.6, which RFC-5 proposed, as JSON.
  case ngff = "ngff-rfc5"

  /// What messages call it.
  public var title: String {
    switch self {
    case .itk, .ants: "ITK/ANTs"
    case .omeZarr: "OME-Zarr displacement field"
    case .bigwarp: "BigWarp landmarks"
    case .greedy: "greedy/c3d matrix"
    case .elastix: "elastix parameters"
    case .bigstream: "bigstream matrix"
    case .ngff: "OME-NGFF 0.6 (RFC-5)"
    }
  }

  /// The unit that lengths of the format are in; `nil` where it has none of its own.
  ///
  /// What ITK reads from images with a unit is in millimetres, and greedy and elastix are built on it. bigstream takes the spacing of the
  /// arrays, for microscopes in micrometres.
  public var unitName: String? {
    switch self {
    case .itk, .ants, .greedy, .elastix: "millimeter"
    case .bigstream: "micrometer"
    case .omeZarr, .bigwarp, .ngff: nil
    }
  }

  /// The format that a name asks for.
  ///
  /// - Throws: `TransformError` where several formats share the ending, or none has it.
  public init(ofName path: String) throws(TransformError) {
    let name = path.lowercased()
    func ends(_ endings: String...) -> Bool { endings.contains { name.hasSuffix($0) } }
    if ends(".mat", ".tfm", ".h5", ".hdf5", ".nii", ".nii.gz", ".nrrd") {
      self = .itk
    } else if ends(".zarr") {
      self = .omeZarr
    } else if ends(".csv") {
      self = .bigwarp
    } else if ends(".json") {
      self = .ngff
    } else if ends(".txt") {
      throw TransformError(
        "\(path): several programs name their transforms .txt",
        hint: "say which: --to itk, elastix, greedy or bigstream; .tfm and .mat are ITK's")
    } else {
      throw TransformError(
        "\(path) has a name that tells no format of transforms",
        hint: "end it in .mat, .tfm, .h5, .nii.gz, .ome.zarr, .csv or .json, or give --to with .txt")
    }
  }
}

/// What of ITK's files a name asks for.
public enum ITKFileKind: Sendable {
  case affine, composite, field

  /// - Throws: `TransformError` where it is none of their endings.
  public init(ofName path: String) throws(TransformError) {
    let name = path.lowercased()
    func ends(_ endings: String...) -> Bool { endings.contains { name.hasSuffix($0) } }
    if ends(".mat", ".txt", ".tfm") {
      self = .affine
    } else if ends(".h5", ".hdf5") {
      self = .composite
    } else if ends(".nii", ".nii.gz", ".nrrd") {
      self = .field
    } else {
      throw TransformError(
        "\(path) has no ending of ITK's transform files",
        hint: "end it in .mat, .tfm or .txt (affine), .h5 (all parts), or .nii.gz or .nrrd (displacements)")
    }
  }
}
