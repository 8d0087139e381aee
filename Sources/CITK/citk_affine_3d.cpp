// SPDX-License-Identifier: Apache-2.0

#include "AffineRegistration.hpp"

CITKAffineResult citk::AffineRegister3D(const AffineInput &input) { return AffineRegister<3>(input); }
