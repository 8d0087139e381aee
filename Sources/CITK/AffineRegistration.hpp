// SPDX-License-Identifier: Apache-2.0

// One step of an affine registration for one rank; instantiated in a translation unit a rank, since each takes long to compile.
#pragma once

#include "CITKImages.hpp"

#include "itkCorrelationImageToImageMetricv4.h"
#include "itkEuler2DTransform.h"
#include "itkEuler3DTransform.h"
#include "itkImageRegistrationMethodv4.h"
#include "itkMattesMutualInformationImageToImageMetricv4.h"
#include "itkMeanSquaresImageToImageMetricv4.h"
#include "itkRegistrationParameterScalesFromPhysicalShift.h"
#include "itkRegularStepGradientDescentOptimizerv4.h"
#include "itkTranslationTransform.h"

#include <type_traits>

namespace citk {

/// What an affine registration starts from.
struct AffineInput {
  CITKLattice fixedLattice;
  const float *fixed;
  size_t fixedCount;
  const uint8_t *fixedMask;
  size_t fixedMaskCount;
  CITKLattice movingLattice;
  const float *moving;
  size_t movingCount;
  const uint8_t *movingMask;
  size_t movingMaskCount;
  CITKAffineMap initial;
  CITKAffineOptions options;
};

CITKAffineResult AffineRegister2D(const AffineInput &input);
CITKAffineResult AffineRegister3D(const AffineInput &input);

template <unsigned int VDimension>
using BaseMetric = itk::ImageToImageMetricv4<itk::Image<float, VDimension>, itk::Image<float, VDimension>>;

template <unsigned int VDimension>
typename BaseMetric<VDimension>::Pointer GlobalMetric(CITKImageMetric kind) {
  using ImageType = itk::Image<float, VDimension>;
  switch (kind) {
    case CITKImageMetricMutualInformation: {
      auto metric = itk::MattesMutualInformationImageToImageMetricv4<ImageType, ImageType>::New();
      metric->SetNumberOfHistogramBins(32);
      return metric.GetPointer();
    }
    case CITKImageMetricMeanSquares:
      return itk::MeanSquaresImageToImageMetricv4<ImageType, ImageType>::New().GetPointer();
    default:
      return itk::CorrelationImageToImageMetricv4<ImageType, ImageType>::New().GetPointer();
  }
}

/// The metric asked for, with masks, on one thread; gradients only where a sample asks for one.
template <unsigned int VDimension>
typename BaseMetric<VDimension>::Pointer MaskedMetric(const AffineInput &input) {
  auto metric = GlobalMetric<VDimension>(input.options.metric);
  metric->SetMaximumNumberOfWorkUnits(1);
  metric->SetUseFixedImageGradientFilter(false);
  metric->SetUseMovingImageGradientFilter(false);
  const auto fixedMask = Mask<VDimension>(input.fixedLattice, input.fixedMask, input.fixedMaskCount);
  const auto movingMask = Mask<VDimension>(input.movingLattice, input.movingMask, input.movingMaskCount);
  if (fixedMask) {
    metric->SetFixedImageMask(fixedMask);
  }
  if (movingMask) {
    metric->SetMovingImageMask(movingMask);
  }
  return metric;
}

/// Gradient descent whose steps are lengths in world units.
template <unsigned int VDimension>
itk::RegularStepGradientDescentOptimizerv4<double>::Pointer Optimiser(BaseMetric<VDimension> *metric, const CITKAffineOptions &options) {
  auto scales = itk::RegistrationParameterScalesFromPhysicalShift<BaseMetric<VDimension>>::New();
  scales->SetMetric(metric);
  scales->SetTransformForward(true);
  auto optimiser = itk::RegularStepGradientDescentOptimizerv4<double>::New();
  optimiser->SetScalesEstimator(scales);
  optimiser->SetDoEstimateLearningRateOnce(true);
  optimiser->SetMaximumStepSizeInPhysicalUnits(options.maximumStep);
  optimiser->SetLearningRate(options.maximumStep);
  optimiser->SetMinimumStepLength(options.minimumStep);
  optimiser->SetRelaxationFactor(0.5);
  optimiser->SetGradientMagnitudeTolerance(1e-12);
  optimiser->SetNumberOfIterations(options.iterations);
  optimiser->SetReturnBestParametersAndValue(true);
  optimiser->SetNumberOfWorkUnits(1);
  return optimiser;
}

/// The identity, turning about the centre where the transform turns.
template <unsigned int VDimension, typename TTransform>
typename TTransform::Pointer Identity(const CITKAffineOptions &options) {
  auto transform = TTransform::New();
  transform->SetIdentity();
  if constexpr (!std::is_same_v<TTransform, itk::TranslationTransform<double, VDimension>>) {
    typename TTransform::InputPointType centre;
    for (unsigned int a = 0; a < VDimension; ++a) {
      centre[a] = options.centre[VDimension - 1 - a];
    }
    transform->SetCenter(centre);
  }
  return transform;
}

/// `found`, followed by the initial map.
template <unsigned int VDimension, typename TTransform>
CITKAffineMap Total(const TTransform *found, const CITKAffineMap &initial) {
  auto total = Affine<VDimension>(initial);
  auto step = itk::AffineTransform<double, VDimension>::New();
  if constexpr (!std::is_same_v<TTransform, itk::TranslationTransform<double, VDimension>>) {
    step->SetMatrix(found->GetMatrix());
  }
  step->SetOffset(found->GetOffset());
  total->Compose(step, true);
  return Map<VDimension>(total->GetMatrix(), total->GetOffset());
}

/// Optimises a transform of type `TTransform` before the initial map, at the resolution of the images.
template <unsigned int VDimension, typename TTransform>
CITKAffineResult Optimise(const AffineInput &input) {
  using ImageType = itk::Image<float, VDimension>;
  using MethodType = itk::ImageRegistrationMethodv4<ImageType, ImageType, TTransform>;
  const CITKAffineOptions &options = input.options;
  auto metric = MaskedMetric<VDimension>(input);
  auto optimiser = Optimiser<VDimension>(metric.GetPointer(), options);

  auto method = MethodType::New();
  method->SetFixedImage(View<float, VDimension>(input.fixedLattice, input.fixed, input.fixedCount));
  method->SetMovingImage(View<float, VDimension>(input.movingLattice, input.moving, input.movingCount));
  method->SetMovingInitialTransform(Affine<VDimension>(input.initial));
  method->SetInitialTransform(Identity<VDimension, TTransform>(options));
  method->SetMetric(metric);
  method->SetOptimizer(optimiser);
  method->SetNumberOfLevels(1);
  typename MethodType::ShrinkFactorsArrayType shrink(1);
  shrink.Fill(1);
  typename MethodType::SmoothingSigmasArrayType sigmas(1);
  sigmas.Fill(0);
  method->SetShrinkFactorsPerLevel(shrink);
  method->SetSmoothingSigmasPerLevel(sigmas);
  if (options.samplingFraction < 1) {
    method->MetricSamplingReinitializeSeed(options.seed);
    method->SetMetricSamplingStrategy(MethodType::MetricSamplingStrategyEnum::RANDOM);
    method->SetMetricSamplingPercentage(options.samplingFraction);
  }
  method->SetNumberOfWorkUnits(1);
  method->Update();

  CITKAffineResult result = {};
  result.map = Total<VDimension>(method->GetTransform(), input.initial);
  result.metricValue = optimiser->GetCurrentMetricValue();
  result.iterations = optimiser->GetCurrentIteration();
  return result;
}

template <unsigned int VDimension>
CITKAffineResult AffineRegister(const AffineInput &input) {
  using RigidType = std::conditional_t<VDimension == 2, itk::Euler2DTransform<double>, itk::Euler3DTransform<double>>;
  CITKAffineResult result = {};
  const CITKStatus status = Guarded([&] {
    BoundWorkUnits();
    switch (input.options.model) {
      case CITKAffineModelTranslation:
        result = Optimise<VDimension, itk::TranslationTransform<double, VDimension>>(input);
        break;
      case CITKAffineModelRigid:
        result = Optimise<VDimension, RigidType>(input);
        break;
      default:
        result = Optimise<VDimension, itk::AffineTransform<double, VDimension>>(input);
    }
  });
  result.status = status;
  return result;
}

}  // namespace citk
