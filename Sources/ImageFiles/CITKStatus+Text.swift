// SPDX-License-Identifier: Apache-2.0

internal import CITK

extension CITKStatus {
  /// What went wrong.
  var text: String {
    var bytes = [CChar](repeating: 0, count: Int(CITK_MESSAGE_CAPACITY))
    var span = bytes.mutableSpan
    let length = citk_status_message(self, &span)
    return String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
