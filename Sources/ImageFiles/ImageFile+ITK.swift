// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

extension ImageFile {
  /// Opens what ITK reads.
  static func openWithITK(path: String, spacing: [Double]?) throws(ImageFileError) -> StoredImage {
    let data = DataFile(header: path)
    try data?.check()
    let file = try ITKImageFile(path: path)
    let shown = try shownAxes(of: file)
    // The slowest axis of an NRRD file may say that it is time.
    let hasTime = shown.count == 4 || (file.format == .nrrd && shown.count == 3 && data?.field("kinds:")?.hasSuffix(" time") == true)
    let spatial = shown.dropFirst(hasTime ? 1 : 0)
    let space = try physicalSpace(of: file, axes: Array(spatial), spacing: spacing)
    var axes = ((hasTime ? ["t"] : []) + ["z", "y", "x"].suffix(spatial.count)).map { Axis(name: $0, unit: $0 == "t" ? nil : space.unit) }
    if file.components > 1 { axes.append(Axis(name: "c")) }
    func source<Stored: VoxelScalar>(_ type: Stored.Type) -> any VoxelSource { ITKImageSource<Stored>(file: file, shownAxes: shown) }
    var image = StoredImage(
      path: path, format: file.format.rawValue, axes: axes,
      levels: [StoredImage.Level(source: source(file.voxelType.scalar), space: space, name: "")],
      isColour: file.isColour)
    if file.format == .metaImage, data == nil {
      // ITK takes planes that are not there for zeros.
      throw ImageFileError(
        path: path, "names several files of voxels (LIST, %d), and one is read",
        hint: "look at its line ElementDataFile, or save the image as one .mha")
    }
    if file.format == .metaImage || file.format == .nrrd, file.canStream { try data?.check(holds: file) }
    if let data, data.path != path { image.files = [path, data.path] }
    return image
  }

  /// Axes of the file that an image shows: all but leading ones of one voxel beyond what a volume needs.
  ///
  /// NIfTI pads with axes of one voxel, so that a picture often comes as nx × ny × 1; it is 2D unless it is tilted in space. Other formats
  /// mean the rank they state.
  private static func shownAxes(of file: ITKImageFile) throws(ImageFileError) -> Range<Int> {
    let rank = file.extent.count
    var first = 0
    while rank - first > 3 && file.extent[first] == 1 { first += 1 }
    if file.format == .nifti, rank - first == 3, file.extent[first] == 1 {
      let tilt = (first + 1..<rank).map { max(abs(file.direction[first][$0]), abs(file.direction[$0][first])) }.max() ?? 0
      if tilt < 1e-6 { first += 1 }
    }
    guard rank - first <= 4, rank - first >= 2 else {
      throw ImageFileError(
        path: file.path, "has \(rank - first) axes (\(Extent(Array(file.extent[first...])))), and 2 or 3, or 3 and time, are read",
        hint: "save one volume, 2D or 3D, as a file of its own")
    }
    return first..<rank
  }

  private static func physicalSpace(of file: ITKImageFile, axes: [Int], spacing: [Double]?) throws(ImageFileError) -> PhysicalSpace {
    let spacing = try checkedSpacing(file.isPicture ? axes.map { _ in 1 } : axes.map { file.spacing[$0] }, given: spacing, path: file.path)
    if file.isPicture { return PhysicalSpace(spacing: spacing) }
    let direction = try orthonormal(axes.map { row in axes.map { file.direction[row][$0] } }, path: file.path)
    return PhysicalSpace(spacing: spacing, origin: axes.map { file.origin[$0] }, direction: direction, unit: .millimeter)
  }

  /// The direction as it is where it is orthonormal to rounding, its nearest neighbour by Gram and Schmidt where headers of single
  /// precision blurred it.
  static func orthonormal(_ direction: [[Double]], path: String) throws(ImageFileError) -> [[Double]] {
    let rank = direction.count
    func column(_ axis: Int) -> [Double] { direction.map { $0[axis] } }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map(*).reduce(0, +) }
    var worst = 0.0
    for a in 0..<rank {
      for b in 0...a { worst = max(worst, abs(dot(column(a), column(b)) - (a == b ? 1 : 0))) }
    }
    if worst < 1e-12 { return direction }
    guard worst < 0.01 else {
      throw ImageFileError(
        path: path, "has axes that are not at right angles (off by \(worst)): its direction matrix, z, y, x, is \(direction)",
        hint: "resample it to a lattice without shear")
    }
    var columns: [[Double]] = []
    for axis in 0..<rank {
      var vector = column(axis)
      for known in columns {
        let part = dot(vector, known)
        vector = zip(vector, known).map { $0 - part * $1 }
      }
      let length = dot(vector, vector).squareRoot()
      columns.append(vector.map { $0 / length })
    }
    return (0..<rank).map { row in columns.map { $0[row] } }
  }
}
