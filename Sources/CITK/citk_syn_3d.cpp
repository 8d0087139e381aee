// SPDX-License-Identifier: Apache-2.0

#include "SyNRegistration.hpp"

CITKSyNResult citk::SyNRegister3D(const SyNInput &input) { return SyNRegister<3>(input); }
