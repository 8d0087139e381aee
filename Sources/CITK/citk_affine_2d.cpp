// SPDX-License-Identifier: Apache-2.0

#include "AffineRegistration.hpp"

CITKAffineResult citk::AffineRegister2D(const AffineInput &input) { return AffineRegister<2>(input); }
