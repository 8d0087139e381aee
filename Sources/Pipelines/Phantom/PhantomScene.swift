// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// A made-up piece of tissue as light-sheet microscopy sees it, defined at every point: an organ with an uneven outline, regions of
/// different brightness, texture, fibres, and nuclei with texture.
///
/// Positions are in scene units: the smallest voxel spacing is 1. Nothing in it is finer than about four units, so that sampling it at
/// voxels loses nothing.
struct PhantomScene: Sendable {
  /// The size of the volume in scene units.
  let size: SIMD3<Double>
  let isFlat: Bool
  let contents: PhantomContents
  let narrowest: Double
  let nuclei: NucleusGrid
  private let outline: SmoothNoise
  private let regions: SmoothNoise
  private let density: SmoothNoise
  private let coarseTexture: SmoothNoise
  private let fineTexture: SmoothNoise
  private let fibres: (SmoothNoise, SmoothNoise)
  private let chromatin: SmoothNoise

  /// A scene that fills a volume.
  init(seed: UInt64, size: [Double], isFlat: Bool, contents: PhantomContents) {
    self.contents = contents
    self.size = SIMD3(size[0], size[1], size[2])
    self.isFlat = isFlat
    let longest = size.max() ?? 1
    narrowest = size.dropFirst(isFlat ? 1 : 0).min() ?? 1
    func noise(_ number: UInt64, _ wavelength: Double) -> SmoothNoise {
      SmoothNoise(seed: PlaceHash.mix(seed &* 64 &+ number), wavelength: wavelength)
    }
    nuclei = NucleusGrid(seed: PlaceHash.mix(seed &* 64), size: size, isFlat: isFlat)
    outline = noise(1, max(16, longest / 3.5))
    regions = noise(2, max(12, longest / 6))
    density = noise(3, max(20, min(60, longest / 5)))
    coarseTexture = noise(4, 26)
    fineTexture = noise(5, 7)
    fibres = (noise(6, max(24, min(70, longest / 5))), noise(7, max(24, min(70, longest / 5))))
    chromatin = noise(8, 3.2)
  }

  /// The scene made ready for positions inside a box.
  func part(lower: SIMD3<Double>, upper: SIMD3<Double>) -> ScenePart { ScenePart(scene: self, lower: lower, upper: upper) }

  /// Whether a position lies inside the organ.
  func isInside(_ position: SIMD3<Double>) -> Bool {
    let lattice = outline.lattice(lower: position, upper: position)
    return ScenePart.organ(at: position, self, lattice) > 0.5
  }

  fileprivate func lattices(_ lower: SIMD3<Double>, _ upper: SIMD3<Double>) -> ScenePart.Noises {
    ScenePart.Noises(
      outline: outline.lattice(lower: lower, upper: upper), regions: regions.lattice(lower: lower, upper: upper),
      density: density.lattice(lower: lower, upper: upper), coarseTexture: coarseTexture.lattice(lower: lower, upper: upper),
      fineTexture: fineTexture.lattice(lower: lower, upper: upper), firstFibres: fibres.0.lattice(lower: lower, upper: upper),
      secondFibres: fibres.1.lattice(lower: lower, upper: upper), chromatin: chromatin.lattice(lower: lower, upper: upper))
  }
}

/// A scene ready to be looked at inside a box.
struct ScenePart: Sendable {
  fileprivate struct Noises: Sendable {
    let outline: NoiseLattice
    let regions: NoiseLattice
    let density: NoiseLattice
    let coarseTexture: NoiseLattice
    let fineTexture: NoiseLattice
    let firstFibres: NoiseLattice
    let secondFibres: NoiseLattice
    let chromatin: NoiseLattice
  }

  private let scene: PhantomScene
  private let noises: Noises
  private let firstCell: SIMD3<Double>
  private let ny: Int
  private let nx: Int
  private let nz: Int
  private let cells: [Nucleus?]

  fileprivate init(scene: PhantomScene, lower: SIMD3<Double>, upper: SIMD3<Double>) {
    self.scene = scene
    let reach = SIMD3(repeating: Nucleus.reach)
    // The centres of nuclei lie up to a cell beyond what is looked at.
    let margin = SIMD3(repeating: Nucleus.reach + NucleusGrid.cell)
    let noises = scene.lattices(lower - margin, upper + margin)
    self.noises = noises
    firstCell = ((lower - reach) / NucleusGrid.cell).rounded(.down)
    let last = ((upper - reach) / NucleusGrid.cell).rounded(.down) + 1
    let shape = last - firstCell + 1
    (nz, ny, nx) = (Int(shape[0]), Int(shape[1]), Int(shape[2]))
    var cells: [Nucleus?] = []
    for z in 0..<nz {
      for y in 0..<ny {
        for x in 0..<nx {
          cells.append(
            scene.nuclei.nucleus(Int(firstCell[0]) + z, Int(firstCell[1]) + y, Int(firstCell[2]) + x) { position in
              Self.density(at: position, scene, noises)
            })
        }
      }
    }
    self.cells = cells
  }

  /// How bright the scene is at a position, in tissue about 0.1 to 1.5 and outside 0; and the label of the nucleus there, 0 for none.
  func look(at position: SIMD3<Double>) -> (brightness: Float, label: UInt32) {
    let inside = organ(at: position)
    if inside <= 0 { return (0, 0) }
    let region = 1 + 0.55 * noises.regions(position)
    let tissue = 0.24 + 0.08 * noises.coarseTexture(position) + 0.09 * noises.fineTexture(position)
    let (first, second) = (noises.firstFibres(position), scene.isFlat ? 0 : noises.secondFibres(position))
    let away = (first * first + second * second) * (scene.isFlat ? 600 : 60)
    let fibre = scene.contents == .nuclei ? 0 : max(0, 1 - away)
    let nucleus = brightestNucleus(at: position)
    var brightness = max(0.03, tissue * max(0.25, region)) + 0.5 * fibre * fibre
    if nucleus.cover > 0 { brightness += nucleus.cover * nucleus.brightness * (1 + 0.4 * noises.chromatin(position)) }
    return (inside * brightness, nucleus.cover > 0.5 && inside > 0.5 ? nucleus.label : 0)
  }

  /// 1 inside the organ, 0 outside, soft over a few units.
  func organ(at position: SIMD3<Double>) -> Float { Self.organ(at: position, scene, noises.outline) }

  /// The nucleus that belongs to a cell of the grid of nuclei; the cell is one that this part looks at.
  func nucleus(inCell cell: [Int]) -> Nucleus? {
    scene.nuclei.nucleus(cell[0], cell[1], cell[2]) { Self.density(at: $0, scene, noises) }
  }

  fileprivate static func organ(at position: SIMD3<Double>, _ scene: PhantomScene, _ outline: NoiseLattice) -> Float {
    smoothStep(depth(at: position, scene, outline) * Float(scene.narrowest / 22))
  }

  /// 1 in the middle of the organ, 0 on its surface, negative outside; without a surface, infinite.
  private static func depth(at position: SIMD3<Double>, _ scene: PhantomScene, _ outline: NoiseLattice) -> Float {
    if scene.contents == .nuclei { return .infinity }
    var scaled = (position - (scene.size - 1) * 0.5) / (scene.size * 0.44)
    if scene.isFlat { scaled[0] = 0 }
    let squares = scaled * scaled
    let bare = Float(1 - (squares[0] + squares[1] + squares[2]))
    // Far outside, where no noise reaches.
    if bare < -0.8 { return bare }
    return bare + 0.28 * outline(position)
  }

  /// The chance of a nucleus: crowded near the surface and in some regions, sparse in others, none outside.
  private static func density(at position: SIMD3<Double>, _ scene: PhantomScene, _ noises: Noises) -> Double {
    let depth = depth(at: position, scene, noises.outline)
    if depth < 0.03 { return 0 }
    let rim = 1 - smoothStep((depth - 0.05) * 4)
    return Double(0.35 + 0.6 * smoothStep(0.5 + 0.9 * noises.density(position)) + 0.3 * rim)
  }

  private func brightestNucleus(at position: SIMD3<Double>) -> (cover: Float, brightness: Float, label: UInt32) {
    let cell = ((position - Nucleus.reach) / NucleusGrid.cell).rounded(.down) - firstCell
    let start = (Int(cell[0]) * ny + Int(cell[1])) * nx + Int(cell[2])
    var best: (cover: Float, brightness: Float, label: UInt32) = (0, 0, 0)
    for k in 0..<2 {
      for j in 0..<2 {
        for i in 0..<2 {
          guard let nucleus = cells[start + (k * ny + j) * nx + i] else { continue }
          let d = SIMD3<Float>(position - nucleus.centre)
          let form = nucleus.form(d)
          if form >= 1.35 { continue }
          let cover = smoothStep((1.35 - form) * (1 / 0.7))
          if cover > best.cover { best = (cover, nucleus.brightness, nucleus.label) }
        }
      }
    }
    return best
  }
}
