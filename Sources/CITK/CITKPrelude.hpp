// SPDX-License-Identifier: Apache-2.0

// What every translation unit of CITK includes before any ITK header.
//
// Debian's ITK 5.2 was configured with GCC only; its itk_compiler_detection.h rejects every other compiler. Stand in for it.
#pragma once
#define ITK_COMPILER_DETECTION_H
#define ITK_COMPILER_IS_GNU 0
#define ITK_COMPILER_IS_Clang 1
#define ITK_COMPILER_IS_AppleClang 0
#define ITK_COMPILER_IS_MSVC 0
#define ITK_COMPILER_CXX_CONSTEXPR 1
#define ITK_ALIGNAS(X) alignas(X)
#define ITK_ALIGNOF(X) alignof(X)
#define ITK_DEPRECATED [[deprecated]]
#define ITK_DEPRECATED_MSG(MSG) [[deprecated(MSG)]]
#define ITK_CONSTEXPR constexpr
#define ITK_DELETED_FUNCTION = delete
#define ITK_EXTERN_TEMPLATE extern
#define ITK_FINAL final
#define ITK_NOEXCEPT noexcept
#define ITK_NOEXCEPT_EXPR(X) noexcept(X)
#define ITK_NULLPTR nullptr
#define ITK_OVERRIDE override
#define ITK_STATIC_ASSERT(X) static_assert(X, #X)
#define ITK_STATIC_ASSERT_MSG(X, MSG) static_assert(X, MSG)
#define ITK_THREAD_LOCAL thread_local

#include "citk_status.h"

#include "itkMacro.h"

#include <exception>
#include <string>

namespace citk {

/// A status that says what went wrong; a message beyond the capacity is cut.
CITKStatus Failure(const std::string &message) noexcept;

/// A status of success.
CITKStatus Success() noexcept;

/// What an ITK exception says, without the address of the object that threw it.
std::string Description(const itk::ExceptionObject &error);

/// Runs `body` and turns whatever it throws into a status: nothing is thrown across the C boundary.
template <typename TBody>
CITKStatus Guarded(TBody &&body) noexcept {
  try {
    body();
    return Success();
  } catch (const itk::ExceptionObject &error) {
    return Failure(Description(error));
  } catch (const std::exception &error) {
    return Failure(error.what());
  } catch (...) {
    return Failure("an unknown error inside ITK");
  }
}

}  // namespace citk
