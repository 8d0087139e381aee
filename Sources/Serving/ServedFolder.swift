// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A folder whose files are served. Nothing outside it is: neither by names that lead out of it nor by links; and nothing hidden, but for
/// the metadata of Zarr.
public struct ServedFolder: Sendable {
  /// Where it really lies.
  public let path: String

  /// Files of Zarr version 2 that are hidden by their names.
  private static let metadata: Set<String> = [".zarray", ".zattrs", ".zgroup", ".zmetadata"]

  /// A folder.
  ///
  /// - Throws: `ServingError` where it is none, or may not be entered.
  public init(_ path: String) throws(ServingError) {
    guard let real = unsafe realpath(path, nil) else {
      throw ServingError("\(path) cannot be served: \(SystemError().reason)", hint: "give a folder that is there and that you may read")
    }
    self.path = unsafe String(cString: real)
    unsafe free(real)
    var information = stat()
    guard unsafe stat(self.path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
      throw ServingError("\(path) is a file, and a folder is served", hint: "give the folder that it lies in")
    }
  }

  /// Opens the file of that name.
  ///
  /// - Throws: `HTTPRequest.Refusal` where there is none, or it may not be served.
  func file(_ names: ArraySlice<String>) throws(HTTPRequest.Refusal) -> ServedFile {
    guard !Self.isHidden(names) else { throw .init(status: .notFound, reason: "hidden files are not served") }
    let file: ServedFile
    do { file = try ServedFile(([path] + names).joined(separator: "/")) } catch {
      switch error.code {
      case ENOENT, ENOTDIR, ENAMETOOLONG: throw .init(status: .notFound, reason: "there is no such file")
      case EISDIR, ENXIO: throw .init(status: .notFound, reason: "this is no file")
      case EACCES, EPERM, ELOOP: throw .init(status: .forbidden, reason: "the file may not be read")
      default: throw .init(status: .failed, reason: "the file cannot be read: \(error.reason)")
      }
    }
    let folder = path == "/" ? "/" : path + "/"
    guard file.place.hasPrefix(folder), !Self.isHidden(file.place.dropFirst(folder.count).split(separator: "/").map(String.init)[...])
    else {
      throw .init(status: .forbidden, reason: "the file is a link to what is not served")
    }
    return file
  }

  private static func isHidden(_ names: ArraySlice<String>) -> Bool {
    names.contains { $0.hasPrefix(".") && !metadata.contains($0) }
  }
}
