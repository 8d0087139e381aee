// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Volumes

extension RegistrationOptions {
  /// All that is read beside the two images: masks, and what the registration starts from.
  var otherInputs: [InputIdentity] {
    [fixedMask, movingMask].compactMap { $0.flatMap(Self.identity(ofMask:)) } + (initialTransform.map(Self.identities(ofTransforms:)) ?? [])
  }

  /// A mask; `nil` for `auto`. It may be an image of several files.
  static func identity(ofMask path: String) -> InputIdentity? {
    if path == "auto" { return nil }
    return (try? StoredImage.open(path)).map { InputIdentity($0) } ?? InputIdentity(path: path)
  }

  /// What a registration starts from: a file, or those of an earlier result.
  static func identities(ofTransforms path: String) -> [InputIdentity] {
    FileManager.default.isFolder(atPath: path) == true ? ApplicationPlanFile.identities(ofTransforms: path) : [InputIdentity(path: path)]
  }
}
