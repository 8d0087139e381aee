// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Pyramids

/// One image of a view.
public struct ViewedLayer: Sendable {
  /// What it is in the view.
  public enum Role: String, Sendable {
    /// The fixed image of a registration: magenta, as in the report.
    case fixed
    /// The moving image, registered: green. Where both are equally bright, they are grey. Further rounds have colours of their own.
    case registered
    /// Any other image: grey.
    case image
    /// Numbers of objects, each of which has a colour.
    case labels
  }

  /// What it is called, unlike any other of the view.
  public let name: String
  /// What it is.
  public let role: Role
  /// Which of several registered images it is, from 0; 0 for all others.
  let number: Int
  /// Where it lies: a path or an address.
  public let path: String
  /// The channel to show; `nil` for the first one.
  let channel: Int?
  /// The names that lead to it under the address of `weft serve`, outermost first; `nil` for an address on the web.
  public let names: [String]?
  /// Whether it is an image in Zarr that lies outside the folder that is served, and so has to be served besides.
  public let isOutside: Bool
  /// Whether an option names it, rather than a record or a folder.
  let isNamed: Bool

  /// - Parameters:
  ///   - folder: what is served.
  ///   - others: those of the view that have names already.
  init(_ image: FoundImages.Image, in folder: String, beside others: [ViewedLayer]) {
    (role, path, channel, isNamed) = (image.role, image.path, image.channel, image.isNamed)
    let last = URL(fileURLWithPath: StoreLocation.split(image.path).path).lastPathComponent
    let stem = [".ome.zarr", ".zarr"].first { last.hasSuffix($0) && last.count > $0.count }.map { String(last.dropLast($0.count)) } ?? last
    let wish = image.round ?? (role == .fixed || role == .registered ? role.rawValue : stem)
    number = role == .registered ? others.count { $0.role == .registered } : 0
    let taken = Set(others.map(\.name))
    name = ([wish] + (2...others.count + 2).map { "\(wish) \($0)" }).first { !taken.contains($0) }!
    guard !StoreLocation.isRemote(image.path) else {
      (names, isOutside) = (nil, false)
      return
    }
    let inside = Self.names(from: folder, to: image)
    // A server shows folders, and of those that a record names, none but images.
    isOutside = inside == nil && FileAccess.isFolder(image.path) && OMEImage.isZarr(image.path)
    names = inside ?? ["inputs", name, last]
  }

  /// The names that lead from a folder to what lies in it; `nil` for what lies elsewhere, once all links are followed, or is hidden, so that
  /// the server does not show it as a part of the folder.
  private static func names(from folder: String, to image: FoundImages.Image) -> [String]? {
    let outer = FoundImages.Image(role: .image, path: folder).place.split(separator: "/")
    let inner = image.place.split(separator: "/")
    guard inner.starts(with: outer) else { return nil }
    let names = inner.dropFirst(outer.count)
    return names.contains { $0.hasPrefix(".") } ? nil : names.map(String.init)
  }
}
