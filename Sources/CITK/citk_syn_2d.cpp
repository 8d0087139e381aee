// SPDX-License-Identifier: Apache-2.0

#include "SyNRegistration.hpp"

CITKSyNResult citk::SyNRegister2D(const SyNInput &input) { return SyNRegister<2>(input); }
