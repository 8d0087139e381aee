// SPDX-License-Identifier: Apache-2.0

internal import CFourier
internal import Grids
internal import Volumes

/// The spectrum of a real 3D lattice, half of it, as FFTW lays it out: real and imaginary parts interleaved, in C order.
package struct Spectrum: Sendable {
  /// Voxels along each axis of the lattice, `[z, y, x]`.
  package let shape: [Int]
  /// `2 · nz · ny · (nx / 2 + 1)` numbers.
  package var values: [Float]

  /// The forward transform of `values`, unnormalised. O(n log n).
  ///
  /// - Precondition: `shape` has three lengths and their product is the count of `values`.
  package init(of values: [Float], shape: [Int]) {
    precondition(shape.count == 3 && shape.reduce(1, *) == values.count, "\(values.count) values cannot fill \(shape)")
    self.shape = shape
    var spectrum = [Float](unwritten: 2 * shape[0] * shape[1] * (shape[2] / 2 + 1))
    let source = values.span
    var target = spectrum.mutableSpan
    let isDone = cfourier_forward(source, &target, shape[0], shape[1], shape[2])
    precondition(isDone, "no memory for a Fourier transform of \(shape)")
    self.values = spectrum
  }

  private init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }

  /// The inverse transform, normalised so that it undoes the forward one. O(n log n).
  package consuming func inverse() -> [Float] {
    var spectrum = self
    let shape = spectrum.shape
    var result = [Float](unwritten: shape.reduce(1, *))
    var source = spectrum.values.mutableSpan
    var target = result.mutableSpan
    let isDone = cfourier_inverse(&source, &target, shape[0], shape[1], shape[2])
    precondition(isDone, "no memory for a Fourier transform of \(shape)")
    let scale = 1 / Float(result.count)
    for i in 0..<result.count { result[i] *= scale }
    return result
  }

  /// The spectrum of the correlation `r(s) = Σ first(x) · second(x + s)`, circular.
  package static func correlation(_ first: Spectrum, _ second: Spectrum) -> Spectrum {
    precondition(first.shape == second.shape, "spectra of one shape are needed")
    let (left, right) = (first.values.span, second.values.span)
    var product = [Float](unwritten: left.count)
    var target = product.mutableSpan
    for i in stride(from: 0, to: left.count, by: 2) {
      let (a, b, c, d) = (left[i], left[i + 1], right[i], right[i + 1])
      target[i] = a * c + b * d
      target[i + 1] = a * d - b * c
    }
    return Spectrum(shape: first.shape, values: product)
  }

  /// The smallest length at or above `length` whose prime factors are 2, 3 and 5.
  package static func fastLength(atLeast length: Int) -> Int {
    var candidate = max(length, 1)
    while true {
      var rest = candidate
      for factor in [2, 3, 5] { while rest % factor == 0 { rest /= factor } }
      if rest == 1 { return candidate }
      candidate += 1
    }
  }
}
