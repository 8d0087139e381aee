// SPDX-License-Identifier: Apache-2.0

internal import Foundation

// Text across the border: UTF-8 that ends with a zero byte, made by `strdup`, given back to `weft_free`.

/// Text for the caller, who frees it.
func handedOver(_ text: String) -> UnsafeMutablePointer<CChar>? { unsafe strdup(text) }

/// A value as JSON for the caller, who frees it.
func handedOver(json value: some Encodable) throws -> UnsafeMutablePointer<CChar>? {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return unsafe handedOver(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// `nil` where a body succeeds, else what went wrong, and in a line of its own what to do about it.
func failure(_ body: () throws -> Void) -> UnsafeMutablePointer<CChar>? {
  do {
    try body()
    return nil
  } catch {
    let hint = (error as? any LocalizedError)?.recoverySuggestion
    return unsafe handedOver(error.localizedDescription + (hint.map { "\nhint: " + $0 } ?? ""))
  }
}

/// The object behind a handle.
func object<Object: AnyObject>(_ handle: UnsafeMutableRawPointer, as type: Object.Type) -> Object {
  unsafe Unmanaged<Object>.fromOpaque(handle).takeUnretainedValue()
}

/// A handle that keeps an object until it is released.
func handle(_ object: AnyObject) -> UnsafeMutableRawPointer { unsafe Unmanaged.passRetained(object).toOpaque() }

/// Frees text that a function handed over.
@c(weft_free) public func weftFree(_ text: UnsafeMutablePointer<CChar>?) { unsafe free(text) }

/// Lets go of a loader, batch, image, field or writer.
@c(weft_release) public func weftRelease(_ handle: UnsafeMutableRawPointer) { unsafe Unmanaged<AnyObject>.fromOpaque(handle).release() }
