// SPDX-License-Identifier: Apache-2.0

#include "CITKQuiet.hpp"

#include "citk_transform_file.h"

#include "itkAffineTransform.h"
#include "itkMatlabTransformIO.h"
#include "itkTransformFactoryBase.h"
#include "itkTranslationTransform.h"
#include "itkTxtTransformIO.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace {

using TransformIO = itk::TransformIOBaseTemplate<double>;

TransformIO::Pointer MakeIO(bool isMatlab) {
  if (isMatlab) {
    return itk::MatlabTransformIOTemplate<double>::New().GetPointer();
  }
  return itk::TxtTransformIOTemplate<double>::New().GetPointer();
}

/// An affine map in ITK's order (x first).
template <unsigned int VDimension>
struct Map {
  itk::Matrix<double, VDimension, VDimension> matrix;
  itk::Vector<double, VDimension> offset;
};

/// The map of a transform, if it is an affine one of that dimension.
template <unsigned int VDimension>
bool Get(const itk::TransformBaseTemplate<double> &transform, Map<VDimension> &map) {
  using Linear = itk::MatrixOffsetTransformBase<double, VDimension, VDimension>;
  using Translation = itk::TranslationTransform<double, VDimension>;
  if (const auto *linear = dynamic_cast<const Linear *>(&transform)) {
    map.matrix = linear->GetMatrix();
    map.offset = linear->GetOffset();
    return true;
  }
  if (const auto *translation = dynamic_cast<const Translation *>(&transform)) {
    map.matrix.SetIdentity();
    map.offset = translation->GetOffset();
    return true;
  }
  return false;
}

/// Multiplies the file's transforms, the last one applied first; false where one is not affine in that dimension.
template <unsigned int VDimension>
bool Read(const TransformIO::TransformListType &list, double *numbers) {
  Map<VDimension> total;
  total.matrix.SetIdentity();
  total.offset.Fill(0);
  for (const auto &transform : list) {
    Map<VDimension> inner;
    if (!Get<VDimension>(*transform, inner)) {
      return false;
    }
    total.offset = total.matrix * inner.offset + total.offset;
    total.matrix = total.matrix * inner.matrix;
  }
  for (unsigned int row = 0; row < VDimension; ++row) {
    for (unsigned int column = 0; column < VDimension; ++column) {
      numbers[row * VDimension + column] = total.matrix(VDimension - 1 - row, VDimension - 1 - column);
    }
    numbers[VDimension * VDimension + row] = total.offset[VDimension - 1 - row];
  }
  return true;
}

template <unsigned int VDimension>
itk::TransformBaseTemplate<double>::Pointer Make(const double *numbers) {
  using Affine = itk::AffineTransform<double, VDimension>;
  auto transform = Affine::New();
  typename Affine::MatrixType matrix;
  typename Affine::OutputVectorType offset;
  for (unsigned int row = 0; row < VDimension; ++row) {
    for (unsigned int column = 0; column < VDimension; ++column) {
      matrix(row, column) = numbers[(VDimension - 1 - row) * VDimension + (VDimension - 1 - column)];
    }
    offset[row] = numbers[VDimension * VDimension + VDimension - 1 - row];
  }
  transform->SetMatrix(matrix);
  transform->SetOffset(offset);
  return transform.GetPointer();
}

}  // namespace

CITKTransformFile citk_transform_file_read(
    const char *path, bool isMatlab, double *__counted_by(capacity) numbers __noescape, size_t capacity) {
  CITKTransformFile result = {};
  result.status = citk::Guarded([&] {
    const citk::QuietFileAccess access;
    const auto io = MakeIO(isMatlab);
    io->SetFileName(path);
    io->Read();
    TransformIO::TransformListType list = io->GetReadTransformList();
    if (list.empty() || capacity < CITK_AFFINE_COUNT) {
      throw std::runtime_error("holds no transform");
    }
    if (list.front()->GetTransformTypeAsString().rfind("CompositeTransform", 0) == 0) {
      list.pop_front();
    } else if (list.size() > 1) {
      throw std::runtime_error("holds " + std::to_string(list.size()) + " transforms that are not one composite transform");
    }
    if (Read<3>(list, numbers)) {
      result.rank = 3;
    } else if (Read<2>(list, numbers)) {
      result.rank = 2;
    } else {
      throw std::runtime_error("holds a " + list.back()->GetTransformTypeAsString() + ", which is not an affine map in 2D or 3D");
    }
  });
  return result;
}

CITKTransformFile citk_transform_affine(
    const char *type, size_t count, size_t fixedCount, double *__counted_by(capacity) numbers __noescape, size_t capacity) {
  CITKTransformFile result = {};
  result.status = citk::Guarded([&] {
    const citk::QuietFileAccess access;
    itk::TransformFactoryBase::RegisterDefaultTransforms();
    const auto made = itk::ObjectFactoryBase::CreateInstance(type);
    auto *transform = dynamic_cast<itk::TransformBaseTemplate<double> *>(made.GetPointer());
    if (transform == nullptr || capacity < CITK_AFFINE_COUNT || capacity < count + fixedCount) {
      throw std::runtime_error("holds a " + std::string(type) + ", which is not known");
    }
    // Reference counts: one from the factory, one held here.
    transform->UnRegister();
    const itk::TransformBaseTemplate<double>::Pointer held = transform;
    using Numbers = itk::TransformBaseTemplate<double>::ParametersType;
    if (fixedCount != transform->GetFixedParameters().size() || count != transform->GetNumberOfParameters()) {
      throw std::runtime_error("holds a " + std::string(type) + " with " + std::to_string(count) + " parameters and " +
                               std::to_string(fixedCount) + " fixed ones, which do not belong to it");
    }
    Numbers values(count);
    std::copy(numbers, numbers + count, values.begin());
    itk::TransformBaseTemplate<double>::FixedParametersType fixedValues(fixedCount);
    std::copy(numbers + count, numbers + count + fixedCount, fixedValues.begin());
    transform->SetFixedParameters(fixedValues);
    transform->SetParametersByValue(values);
    const TransformIO::TransformListType list = {held};
    if (Read<3>(list, numbers)) {
      result.rank = 3;
    } else if (Read<2>(list, numbers)) {
      result.rank = 2;
    } else {
      throw std::runtime_error("holds a " + std::string(type) + ", which is neither affine nor a displacement field in 2D or 3D");
    }
  });
  return result;
}

CITKStatus citk_transform_file_write(const char *path, const double *__counted_by(count) numbers __noescape, size_t count, bool isMatlab) {
  return citk::Guarded([&] {
    const citk::QuietFileAccess access;
    const auto io = MakeIO(isMatlab);
    TransformIO::ConstTransformListType list;
    list.push_back((count == 12 ? Make<3>(numbers) : Make<2>(numbers)).GetPointer());
    io->SetFileName(path);
    io->SetTransformList(list);
    io->Write();
  });
}
