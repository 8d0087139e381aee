// SPDX-License-Identifier: Apache-2.0

// How file readers below ITK are kept serial and silent.
#pragma once

#include "CITKPrelude.hpp"

#include <mutex>
#include <streambuf>

namespace citk {

/// Holds the one lock of all file readers, whose libraries (NrrdIO, MetaIO, NIfTI, vnl) keep error texts and options in globals, and
/// silences the warnings and prints that would reach the terminal, while it lives.
class QuietFileAccess {
 public:
  QuietFileAccess();
  ~QuietFileAccess();
  QuietFileAccess(const QuietFileAccess &) = delete;

 private:
  /// Takes characters and forgets them.
  struct Nowhere : std::streambuf {
    int overflow(int character) override;
  };
  std::lock_guard<std::mutex> m_Lock;
  Nowhere m_Nowhere;
  std::streambuf *m_Out;
  std::streambuf *m_Error;
};

}  // namespace citk
