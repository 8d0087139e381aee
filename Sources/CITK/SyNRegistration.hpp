// SPDX-License-Identifier: Apache-2.0

// Symmetric diffeomorphic registration for one rank; instantiated in a translation unit a rank, since each takes long to compile.
#pragma once

#include "CITKImages.hpp"
#include "citk_syn.h"

#include "itkANTSNeighborhoodCorrelationImageToImageMetricv4.h"
#include "itkCommand.h"
#include "itkDisplacementFieldTransform.h"
#include "itkDisplacementFieldTransformParametersAdaptor.h"
#include "itkMattesMutualInformationImageToImageMetricv4.h"
#include "itkMeanSquaresImageToImageMetricv4.h"
#include "itkSyNImageRegistrationMethod.h"

namespace citk {

/// What a symmetric registration starts from, and where its fields go.
struct SyNInput {
  CITKLattice fixedLattice;
  const float *fixed;
  const uint8_t *fixedMask;
  size_t fixedCount;
  CITKLattice movingLattice;
  const float *moving;
  const uint8_t *movingMask;
  size_t movingCount;
  CITKAffineMap initial;
  CITKSyNOptions options;
  float *forward;
  float *inverse;
  size_t fieldCount;
};

CITKSyNResult SyNRegister2D(const SyNInput &input);
CITKSyNResult SyNRegister3D(const SyNInput &input);

template <unsigned int VDimension>
using LocalMetric =
    itk::ImageToImageMetricv4<itk::Image<float, VDimension>, itk::Image<float, VDimension>, itk::Image<float, VDimension>, float>;

template <unsigned int VDimension>
typename LocalMetric<VDimension>::Pointer DenseMetric(const CITKSyNOptions &options) {
  using ImageType = itk::Image<float, VDimension>;
  switch (options.metric) {
    case CITKImageMetricMutualInformation: {
      auto metric = itk::MattesMutualInformationImageToImageMetricv4<ImageType, ImageType, ImageType, float>::New();
      metric->SetNumberOfHistogramBins(32);
      return metric.GetPointer();
    }
    case CITKImageMetricMeanSquares:
      return itk::MeanSquaresImageToImageMetricv4<ImageType, ImageType, ImageType, float>::New().GetPointer();
    default: {
      using MetricType = itk::ANTSNeighborhoodCorrelationImageToImageMetricv4<ImageType, ImageType, ImageType, float>;
      auto metric = MetricType::New();
      typename MetricType::RadiusType radius;
      radius.Fill(options.radius);
      metric->SetRadius(radius);
      return metric.GetPointer();
    }
  }
}

/// Notes, after each iteration, where its level stands.
template <typename TMethod>
class LevelObserver : public itk::Command {
 public:
  using Self = LevelObserver;
  using Superclass = itk::Command;
  using Pointer = itk::SmartPointer<Self>;
  itkNewMacro(Self);

  void Execute(itk::Object *caller, const itk::EventObject &event) override { Execute(static_cast<const itk::Object *>(caller), event); }

  void Execute(const itk::Object *caller, const itk::EventObject &) override {
    const auto *method = dynamic_cast<const TMethod *>(caller);
    if (method != nullptr && method->GetCurrentLevel() < CITK_SYN_LEVEL_CAPACITY) {
      CITKSyNLevel &level = result->levels[method->GetCurrentLevel()];
      level.iterations = method->GetCurrentIteration();
      level.metricValue = method->GetCurrentMetricValue();
      level.convergenceValue = method->GetCurrentConvergenceValue();
    }
  }

  CITKSyNResult *result = nullptr;
};

/// Copies a field to one plane a component, slowest world axis first.
template <unsigned int VDimension, typename TField>
void CopyField(const TField *field, float *target, size_t count) {
  const auto *vectors = field->GetBufferPointer();
  for (size_t i = 0; i < count; ++i) {
    for (unsigned int a = 0; a < VDimension; ++a) {
      target[a * count + i] = vectors[i][VDimension - 1 - a];
    }
  }
}

/// A transform of zero displacement on the lattice of `image`, both ways.
template <unsigned int VDimension>
typename itk::DisplacementFieldTransform<float, VDimension>::Pointer ZeroDisplacement(const itk::Image<float, VDimension> *image) {
  using TransformType = itk::DisplacementFieldTransform<float, VDimension>;
  using FieldType = typename TransformType::DisplacementFieldType;
  const auto zeros = [image] {
    auto field = FieldType::New();
    field->CopyInformation(image);
    field->SetRegions(image->GetLargestPossibleRegion());
    field->Allocate();
    field->FillBuffer(typename FieldType::PixelType(0.0f));
    return field;
  };
  auto transform = TransformType::New();
  transform->SetDisplacementField(zeros());
  transform->SetInverseDisplacementField(zeros());
  return transform;
}

/// One adaptor a level, with the lattice that ITK's shrinking gives that level.
template <unsigned int VDimension, typename TMethod>
void SetLevels(TMethod *method, const itk::Image<float, VDimension> *fixed, const CITKSyNOptions &options) {
  using ImageType = itk::Image<float, VDimension>;
  using TransformType = itk::DisplacementFieldTransform<float, VDimension>;
  const size_t levelCount = options.levelCount;
  method->SetNumberOfLevels(levelCount);
  typename TMethod::NumberOfIterationsArrayType iterations(levelCount);
  typename TMethod::SmoothingSigmasArrayType sigmas(levelCount);
  typename TMethod::TransformParametersAdaptorsContainerType adaptors;
  for (size_t level = 0; level < levelCount; ++level) {
    const CITKSyNLevelOptions &levelOptions = options.levels[level];
    iterations[level] = levelOptions.iterations;
    sigmas[level] = levelOptions.smoothing;
    typename TMethod::ShrinkFactorsPerDimensionContainerType factors;
    for (unsigned int a = 0; a < VDimension; ++a) {
      factors[a] = levelOptions.shrinkFactors[VDimension - 1 - a];
    }
    method->SetShrinkFactorsPerDimension(level, factors);
    auto shrink = itk::ShrinkImageFilter<ImageType, ImageType>::New();
    shrink->SetShrinkFactors(factors);
    shrink->SetInput(fixed);
    shrink->UpdateOutputInformation();
    const auto *lattice = shrink->GetOutput();
    auto adaptor = itk::DisplacementFieldTransformParametersAdaptor<TransformType>::New();
    adaptor->SetRequiredSpacing(lattice->GetSpacing());
    adaptor->SetRequiredSize(lattice->GetLargestPossibleRegion().GetSize());
    adaptor->SetRequiredDirection(lattice->GetDirection());
    adaptor->SetRequiredOrigin(lattice->GetOrigin());
    adaptors.push_back(adaptor.GetPointer());
  }
  method->SetNumberOfIterationsPerLevel(iterations);
  method->SmoothingSigmasAreSpecifiedInPhysicalUnitsOn();
  method->SetSmoothingSigmasPerLevel(sigmas);
  method->SetTransformParametersAdaptorsPerLevel(adaptors);
}

/// The metric asked for, with both masks: ITK leaves a mask of one image in place for the other where only one is set.
template <unsigned int VDimension>
typename LocalMetric<VDimension>::Pointer MaskedDenseMetric(const SyNInput &input) {
  auto metric = DenseMetric<VDimension>(input.options);
  metric->SetMaximumNumberOfWorkUnits(1);
  metric->SetUseFixedImageGradientFilter(false);
  metric->SetUseMovingImageGradientFilter(false);
  metric->SetFixedImageMask(Mask<VDimension>(input.fixedLattice, input.fixedMask, input.fixedCount));
  metric->SetMovingImageMask(Mask<VDimension>(input.movingLattice, input.movingMask, input.movingCount));
  return metric;
}

/// An affine map in the precision of the fields.
template <unsigned int VDimension>
typename itk::AffineTransform<float, VDimension>::Pointer SingleAffine(const CITKAffineMap &map) {
  using TransformType = itk::AffineTransform<float, VDimension>;
  const auto affine = Affine<VDimension>(map);
  typename TransformType::MatrixType matrix;
  typename TransformType::OutputVectorType offset;
  for (unsigned int a = 0; a < VDimension; ++a) {
    offset[a] = static_cast<float>(affine->GetOffset()[a]);
    for (unsigned int b = 0; b < VDimension; ++b) {
      matrix[a][b] = static_cast<float>(affine->GetMatrix()[a][b]);
    }
  }
  auto single = TransformType::New();
  single->SetMatrix(matrix);
  single->SetOffset(offset);
  return single;
}

template <unsigned int VDimension>
void RunSyN(const SyNInput &input, CITKSyNResult &result) {
  using ImageType = itk::Image<float, VDimension>;
  using TransformType = itk::DisplacementFieldTransform<float, VDimension>;
  using MethodType = itk::SyNImageRegistrationMethod<ImageType, ImageType, TransformType>;
  if (input.fieldCount != VDimension * input.fixedCount) {
    throw std::invalid_argument("a field and the fixed image differ in size");
  }
  const CITKSyNOptions &options = input.options;
  const auto fixed = View<float, VDimension>(input.fixedLattice, input.fixed, input.fixedCount);
  const auto moving = View<float, VDimension>(input.movingLattice, input.moving, input.movingCount);

  const auto metric = MaskedDenseMetric<VDimension>(input);
  const auto initial = SingleAffine<VDimension>(input.initial);
  auto method = MethodType::New();
  method->SetFixedImage(fixed);
  method->SetMovingImage(moving);
  method->SetMovingInitialTransform(initial);
  method->SetInitialTransform(ZeroDisplacement<VDimension>(fixed.GetPointer()));
  method->InPlaceOn();
  method->SetMetric(metric);
  method->SetNumberOfWorkUnits(1);
  method->SetLearningRate(static_cast<float>(options.step));
  method->SetGaussianSmoothingVarianceForTheUpdateField(static_cast<float>(options.updateVariance));
  method->SetGaussianSmoothingVarianceForTheTotalField(static_cast<float>(options.totalVariance));
  method->SetConvergenceThreshold(static_cast<float>(options.convergenceThreshold));
  method->SetConvergenceWindowSize(static_cast<unsigned int>(options.convergenceWindow));
  SetLevels<VDimension>(method.GetPointer(), fixed.GetPointer(), options);
  auto observer = LevelObserver<MethodType>::New();
  observer->result = &result;
  method->AddObserver(itk::IterationEvent(), observer);
  method->Update();

  auto *found = method->GetModifiableTransform();
  if (found->GetDisplacementField()->GetLargestPossibleRegion().GetNumberOfPixels() != input.fixedCount) {
    throw std::runtime_error("ITK's field does not lie on the fixed lattice; the last level must not shrink");
  }
  CopyField<VDimension>(found->GetDisplacementField(), input.forward, input.fixedCount);
  CopyField<VDimension>(found->GetInverseDisplacementField(), input.inverse, input.fixedCount);
}

template <unsigned int VDimension>
CITKSyNResult SyNRegister(const SyNInput &input) {
  CITKSyNResult result = {};
  result.status = Guarded([&] {
    BoundWorkUnits();
    RunSyN<VDimension>(input, result);
  });
  return result;
}

}  // namespace citk
