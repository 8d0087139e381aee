// SPDX-License-Identifier: Apache-2.0

#include "CITKQuiet.hpp"

#include "itkObject.h"

#include <iostream>

namespace citk {

static std::mutex gate;

QuietFileAccess::QuietFileAccess() : m_Lock(gate), m_Out(std::cout.rdbuf(&m_Nowhere)), m_Error(std::cerr.rdbuf(&m_Nowhere)) {
  itk::Object::SetGlobalWarningDisplay(false);
}

QuietFileAccess::~QuietFileAccess() {
  std::cout.rdbuf(m_Out);
  std::cerr.rdbuf(m_Error);
}

int QuietFileAccess::Nowhere::overflow(int character) { return traits_type::not_eof(character); }

}  // namespace citk
