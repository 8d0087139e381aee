// SPDX-License-Identifier: Apache-2.0

internal import CTIFF
internal import Grids
internal import Volumes

/// The pages of a TIFF file, or of several, that make up one stack: all of one size and number format.
struct TIFFStack: Sendable {
  /// One page, or one plane inside a page that holds several (ImageJ writes long stacks as one page).
  struct Plane: Sendable {
    /// The file that it lies in.
    var file: String
    /// Which page of the file it is, counted from 0 with those that are no planes.
    var number: Int
    /// Where the page's directory lies.
    var directory: UInt64
    /// Where the plane's voxels lie, as they are; `nil` where they are to be decoded.
    var plainData: UInt64?
  }

  /// The file that was named.
  var path: String
  var planes: [Plane]
  var width: Int
  var height: Int
  var samples: Int
  var voxelType: VoxelType
  var isColour: Bool
  var isSwapped: Bool
  /// Pixels of a tile or a strip.
  var chunkWidth: Int
  var chunkHeight: Int
  /// Pixels per unit of length along x and y; 0 where it is not given.
  var resolution: (x: Double, y: Double)
  /// Whether the resolution is per inch or centimetre, as printers count.
  var isResolutionOfPrint: Bool
  /// The description of the first page.
  var description: String

  /// The stack of all pages of a file.
  init(path: String) throws(ImageFileError) {
    let offsets = try Self.offsets(path)
    let first = try Self.page(path, offsets[0])
    self.path = path
    width = Int(first.width)
    height = Int(first.height)
    samples = Int(first.samplesPerPixel)
    isColour = first.isColour
    isSwapped = first.isSwapped
    voxelType = try Self.voxelType(first, path: path)
    chunkWidth = Int(first.chunkWidth)
    chunkHeight = Int(first.chunkHeight)
    resolution = (first.xResolution, first.yResolution)
    isResolutionOfPrint = first.resolutionUnit != 1
    description = Self.description(first, path: path)
    planes = try Self.planes(offsets, like: first, path: path)
    try check(first)
    try findPlanesWithinPage(first)
  }

  /// The stack of other planes in the same format.
  ///
  /// - Parameter path: what the stack is called in messages.
  func holding(_ planes: [Plane], path: String) -> TIFFStack {
    var stack = self
    (stack.planes, stack.path) = (planes, path)
    return stack
  }

  /// - Throws: `ImageFileError` where planes of `other` cannot be among this one's.
  func checkIsLike(_ other: TIFFStack) throws(ImageFileError) {
    func text(_ stack: TIFFStack) -> String {
      "\(stack.height)×\(stack.width) of \(stack.voxelType.rawValue)" + (stack.samples > 1 ? " with \(stack.samples) samples" : "")
    }
    guard width == other.width, height == other.height, samples == other.samples, voxelType == other.voxelType,
      isSwapped == other.isSwapped || !other.planes.contains(where: { $0.plainData != nil })
    else {
      throw ImageFileError(
        path: other.path, "holds planes of \(text(other)), and \(path) of \(text(self)): they are no planes of one image",
        hint: "move it elsewhere, or write it again in the format of the others")
    }
  }

  /// The smaller copies of all planes, largest first, that are levels of a pyramid (SubIFDs of the same format), as OME-TIFF keeps them.
  ///
  /// See <https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html#sub-resolutions>.
  func copies() throws(ImageFileError) -> [TIFFStack] {
    guard let first = planes.first, first.plainData == nil else { return [] }
    let format = try Self.page(first.file, first.directory)
    let places = try Self.copies(of: first)
    if places.isEmpty { return [] }
    let lists = try planes.map { plane throws(ImageFileError) in try Self.copies(of: plane) }
    var stacks: [TIFFStack] = []
    for level in places.indices {
      let page = try Self.page(first.file, places[level])
      let last = stacks.last ?? self
      // Masks and previews in other formats are no levels.
      guard page.isReduced, page.hasVoxels(of: format), (1...last.width).contains(Int(page.width)),
        (1...last.height).contains(Int(page.height)),
        page.chunkWidth > 0, page.chunkHeight > 0
      else { break }
      var stack = self
      (stack.width, stack.height) = (Int(page.width), Int(page.height))
      (stack.chunkWidth, stack.chunkHeight) = (Int(page.chunkWidth), Int(page.chunkHeight))
      stack.planes = []
      for (number, plane) in planes.enumerated() {
        let copy = level < lists[number].count ? try Self.page(plane.file, lists[number][level]) : nil
        guard let copy, copy.hasVoxels(of: page), copy.width == page.width, copy.height == page.height else {
          let found = copy.map { "one of \($0.height)×\($0.width) pixels" } ?? "none"
          throw ImageFileError(
            path: plane.file,
            "has \(found) as smaller copy \(level + 1) of plane \(number), and of plane 0 one of \(page.height)×\(page.width)",
            hint: "the file was not written to its end, or is damaged; copy it again from its source")
        }
        stack.planes.append(Plane(file: plane.file, number: plane.number, directory: lists[number][level], plainData: nil))
      }
      stacks.append(stack)
    }
    return stacks
  }

  private static func copies(of plane: Plane) throws(ImageFileError) -> [UInt64] {
    var offsets = [UInt64](repeating: 0, count: 64)
    var span = offsets.mutableSpan
    let list = unsafe ctiff_page_copies(plane.file, plane.directory, &span)
    guard list.status.isSuccess else {
      throw ImageFileError(
        path: plane.file, "has a damaged page: \(list.status.text)", hint: "the file is damaged; copy it again from its source")
    }
    return Array(offsets[..<list.count])
  }

  /// Bytes of a plane.
  var planeSize: Int { width * height * samples * voxelType.size }

  private func check(_ page: CTIFFPage) throws(ImageFileError) {
    guard width > 0, height > 0, samples > 0, chunkWidth > 0, chunkHeight > 0,
      [width, height, samples, voxelType.size].product != nil
    else {
      throw ImageFileError(
        path: path, "claims a page of \(height)×\(width) pixels with \(samples) samples",
        hint: "the file is damaged; copy it again from its source")
    }
    // No codec of TIFF packs voxels more than some thousandfold.
    let size = ImageFile.size(of: path)
    guard let all = [planeSize, planes.count].product, page.isPlain ? planeSize <= size : all / 5000 <= size else {
      throw ImageFileError(
        path: path, "claims \(planes.count) pages of \(height)×\(width) pixels, which its \(size) bytes cannot hold",
        hint: "the file is cut short or damaged")
    }
  }

  /// ImageJ writes stacks beyond 4 GB as one page, the further planes behind it.
  private mutating func findPlanesWithinPage(_ page: CTIFFPage) throws(ImageFileError) {
    guard planes.count == 1, page.isPlain, let count = ImageJDescription(description)?.images, count > 1 else { return }
    guard let bytes = [count, planeSize].product, bytes <= ImageFile.size(of: path) - Int(page.dataOffset) else {
      throw ImageFileError(
        path: path,
        "claims \(count) planes of \(height)×\(width) pixels in one page, which its \(ImageFile.size(of: path)) bytes cannot hold",
        hint: "the file is cut short or damaged")
    }
    planes = (0..<count).map { Plane(file: path, number: $0, directory: page.offset, plainData: page.dataOffset + UInt64($0 * planeSize)) }
  }

  private static func offsets(_ path: String) throws(ImageFileError) -> [UInt64] {
    var capacity = 1024
    while true {
      var offsets = [UInt64](repeating: 0, count: capacity)
      var span = offsets.mutableSpan
      let list = unsafe ctiff_page_offsets(path, &span)
      guard list.status.isSuccess else {
        throw ImageFileError(path: path, "cannot be read as TIFF: \(list.status.text)", hint: "the file may be cut short or damaged")
      }
      if list.count < capacity { return Array(offsets[..<list.count]) }
      capacity *= 8
    }
  }

  private static func page(_ path: String, _ offset: UInt64) throws(ImageFileError) -> CTIFFPage {
    let page = unsafe ctiff_page(path, offset)
    if !page.status.isSuccess {
      throw ImageFileError(
        path: path, "has a damaged page: \(page.status.text)", hint: "the file is damaged; copy it again from its source")
    }
    return page
  }

  private static func planes(_ offsets: [UInt64], like first: CTIFFPage, path: String) throws(ImageFileError) -> [Plane] {
    var planes: [Plane] = []
    for (number, offset) in offsets.enumerated() {
      let page = try page(path, offset)
      // Small copies of other pages (thumbnails, levels) are no planes of the stack.
      if number > 0 && page.isReduced { continue }
      guard page.width == first.width, page.height == first.height, page.hasVoxels(of: first) else {
        throw ImageFileError(
          path: path,
          "is no stack: page \(number) is \(page.height)×\(page.width) with \(page.samplesPerPixel) samples of \(page.bitsPerSample) bits, "
            + "page 0 \(first.height)×\(first.width) with \(first.samplesPerPixel) of \(first.bitsPerSample)",
          hint: "split the file, or convert it to OME-Zarr")
      }
      planes.append(Plane(file: path, number: number, directory: offset, plainData: nil))
    }
    return planes
  }

  private static func voxelType(_ page: CTIFFPage, path: String) throws(ImageFileError) -> VoxelType {
    let known: VoxelType? =
      switch (page.sampleFormat, page.bitsPerSample) {
      case (CTIFFSampleFormatUnsigned, 8): .uint8
      case (CTIFFSampleFormatUnsigned, 16): .uint16
      case (CTIFFSampleFormatUnsigned, 32): .uint32
      case (CTIFFSampleFormatUnsigned, 64): .uint64
      case (CTIFFSampleFormatSigned, 8): .int8
      case (CTIFFSampleFormatSigned, 16): .int16
      case (CTIFFSampleFormatSigned, 32): .int32
      case (CTIFFSampleFormatSigned, 64): .int64
      case (CTIFFSampleFormatReal, 32): .float32
      case (CTIFFSampleFormatReal, 64): .float64
      default: nil
      }
    guard let known else {
      throw ImageFileError(
        path: path, "has samples of \(page.bitsPerSample) bits in a format that is not read",
        hint: "convert it to integers of 8 to 64 bits, or to real numbers of 32 or 64")
    }
    return known
  }

  private static func description(_ page: CTIFFPage, path: String) -> String {
    var bytes = [CChar](repeating: 0, count: page.descriptionLength)
    var span = bytes.mutableSpan
    let length = unsafe ctiff_page_description(path, page.offset, &span)
    return String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension CTIFFPage {
  /// Whether voxels are stored in the same number format.
  fileprivate func hasVoxels(of other: CTIFFPage) -> Bool {
    samplesPerPixel == other.samplesPerPixel && bitsPerSample == other.bitsPerSample && sampleFormat == other.sampleFormat
  }
}

extension CTIFFStatus {
  /// What went wrong.
  var text: String {
    var bytes = [CChar](repeating: 0, count: Int(CTIFF_MESSAGE_CAPACITY))
    var span = bytes.mutableSpan
    let length = ctiff_status_message(self, &span)
    return String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
