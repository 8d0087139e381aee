// SPDX-License-Identifier: Apache-2.0

// ITK images, masks and affine transforms from what Swift hands over. Axes are flipped here and nowhere else.
#pragma once

#include "CITKPrelude.hpp"
#include "citk_affine.h"
#include "citk_lattice.h"

#include "itkAffineTransform.h"
#include "itkImage.h"
#include "itkImageMaskSpatialObject.h"
#include "itkMultiThreaderBase.h"

#include <mutex>
#include <stdexcept>

namespace citk {

/// One work unit for all of ITK: parallelism belongs to the caller, and results do not change with the machine's threads.
inline void BoundWorkUnits() {
  static std::once_flag once;
  std::call_once(once, [] {
    itk::MultiThreaderBase::SetGlobalMaximumNumberOfThreads(1);
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(1);
  });
}

/// An ITK image over memory of the caller, which must outlive it.
template <typename TPixel, unsigned int VDimension>
typename itk::Image<TPixel, VDimension>::Pointer View(const CITKLattice &lattice, const TPixel *voxels, size_t count) {
  using ImageType = itk::Image<TPixel, VDimension>;
  typename ImageType::SizeType size;
  typename ImageType::SpacingType spacing;
  typename ImageType::PointType origin;
  typename ImageType::DirectionType direction;
  size_t expected = 1;
  for (unsigned int a = 0; a < VDimension; ++a) {
    const unsigned int axis = VDimension - 1 - a;
    size[a] = lattice.extent[axis];
    expected *= lattice.extent[axis];
    spacing[a] = lattice.spacing[axis];
    origin[a] = lattice.origin[axis];
    for (unsigned int b = 0; b < VDimension; ++b) {
      direction[a][b] = lattice.direction[3 * axis + VDimension - 1 - b];
    }
  }
  if (count != expected) {
    throw std::invalid_argument("an image and its lattice differ in size");
  }
  auto image = ImageType::New();
  image->SetRegions(typename ImageType::RegionType(size));
  image->SetSpacing(spacing);
  image->SetOrigin(origin);
  image->SetDirection(direction);
  auto container = ImageType::PixelContainer::New();
  container->SetImportPointer(const_cast<TPixel *>(voxels), count, false);
  image->SetPixelContainer(container);
  return image;
}

/// A mask as ITK's metrics take it; null where there is none.
template <unsigned int VDimension>
typename itk::ImageMaskSpatialObject<VDimension>::Pointer Mask(const CITKLattice &lattice, const uint8_t *voxels, size_t count) {
  if (count == 0) {
    return nullptr;
  }
  auto mask = itk::ImageMaskSpatialObject<VDimension>::New();
  mask->SetImage(View<unsigned char, VDimension>(lattice, voxels, count));
  mask->Update();
  return mask;
}

/// An affine map as an ITK transform.
template <unsigned int VDimension>
typename itk::AffineTransform<double, VDimension>::Pointer Affine(const CITKAffineMap &map) {
  using TransformType = itk::AffineTransform<double, VDimension>;
  typename TransformType::MatrixType matrix;
  typename TransformType::OutputVectorType offset;
  for (unsigned int a = 0; a < VDimension; ++a) {
    const unsigned int axis = VDimension - 1 - a;
    offset[a] = map.offset[axis];
    for (unsigned int b = 0; b < VDimension; ++b) {
      matrix[a][b] = map.matrix[3 * axis + VDimension - 1 - b];
    }
  }
  auto transform = TransformType::New();
  transform->SetMatrix(matrix);
  transform->SetOffset(offset);
  return transform;
}

/// An ITK transform with a matrix and an offset as an affine map.
template <unsigned int VDimension, typename TMatrix, typename TOffset>
CITKAffineMap Map(const TMatrix &matrix, const TOffset &offset) {
  CITKAffineMap map = {};
  for (unsigned int a = 0; a < VDimension; ++a) {
    const unsigned int axis = VDimension - 1 - a;
    map.offset[axis] = offset[a];
    for (unsigned int b = 0; b < VDimension; ++b) {
      map.matrix[3 * axis + VDimension - 1 - b] = matrix[a][b];
    }
  }
  return map;
}

}  // namespace citk
