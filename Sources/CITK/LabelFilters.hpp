// SPDX-License-Identifier: Apache-2.0

// Filters that give labels, for one rank; instantiated in a translation unit a rank.
#pragma once

#include "CITKImages.hpp"
#include "citk_labels.h"

#include "itkConnectedComponentImageFilter.h"
#include "itkMorphologicalWatershedFromMarkersImageFilter.h"

#include <algorithm>

namespace citk {

/// Voxels of the caller and how many.
template <typename TPixel>
struct Voxels {
  TPixel *first;
  size_t count;
};

void Components2D(const CITKLattice &lattice, Voxels<const uint8_t> mask, Voxels<uint32_t> labels);
void Components3D(const CITKLattice &lattice, Voxels<const uint8_t> mask, Voxels<uint32_t> labels);
void Watershed2D(const CITKLattice &lattice, Voxels<const float> landscape, Voxels<const uint32_t> markers, Voxels<uint32_t> labels);
void Watershed3D(const CITKLattice &lattice, Voxels<const float> landscape, Voxels<const uint32_t> markers, Voxels<uint32_t> labels);

/// Runs a filter into memory of the caller.
template <unsigned int VDimension, typename TFilter>
void UpdateInto(TFilter *filter, const CITKLattice &lattice, Voxels<uint32_t> labels) {
  filter->SetNumberOfWorkUnits(1);
  filter->GraftOutput(View<uint32_t, VDimension>(lattice, labels.first, labels.count));
  filter->Update();
  const uint32_t *found = filter->GetOutput()->GetBufferPointer();
  if (found != labels.first) {
    std::copy(found, found + labels.count, labels.first);
  }
}

template <unsigned int VDimension>
void Components(const CITKLattice &lattice, Voxels<const uint8_t> mask, Voxels<uint32_t> labels) {
  BoundWorkUnits();
  using FilterType = itk::ConnectedComponentImageFilter<itk::Image<unsigned char, VDimension>, itk::Image<uint32_t, VDimension>>;
  auto filter = FilterType::New();
  filter->SetInput(View<unsigned char, VDimension>(lattice, mask.first, mask.count));
  filter->SetFullyConnected(false);
  filter->SetBackgroundValue(0);
  UpdateInto<VDimension>(filter.GetPointer(), lattice, labels);
}

template <unsigned int VDimension>
void Watershed(const CITKLattice &lattice, Voxels<const float> landscape, Voxels<const uint32_t> markers, Voxels<uint32_t> labels) {
  BoundWorkUnits();
  using FilterType = itk::MorphologicalWatershedFromMarkersImageFilter<itk::Image<float, VDimension>, itk::Image<uint32_t, VDimension>>;
  auto filter = FilterType::New();
  filter->SetInput(View<float, VDimension>(lattice, landscape.first, landscape.count));
  filter->SetMarkerImage(View<uint32_t, VDimension>(lattice, markers.first, markers.count));
  filter->SetFullyConnected(false);
  filter->SetMarkWatershedLine(false);
  UpdateInto<VDimension>(filter.GetPointer(), lattice, labels);
}

}  // namespace citk
