// SPDX-License-Identifier: Apache-2.0

#include "CITKPrelude.hpp"

#include <algorithm>
#include <cstring>

namespace citk {

CITKStatus Success() noexcept {
  CITKStatus status;
  status.isSuccess = true;
  status.message[0] = 0;
  return status;
}

CITKStatus Failure(const std::string &message) noexcept {
  CITKStatus status;
  status.isSuccess = false;
  const size_t length = std::min(message.size(), sizeof(status.message) - 1);
  std::memcpy(status.message, message.data(), length);
  status.message[length] = 0;
  return status;
}

std::string Description(const itk::ExceptionObject &error) {
  // "ITK ERROR: NiftiImageIO(0x55d0c8): what happened"
  std::string text = error.GetDescription();
  if (text.rfind("ITK ERROR: ", 0) == 0) {
    const size_t end = text.find("): ");
    text = text.substr(end == std::string::npos ? 11 : end + 3);
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  const size_t last = text.find_last_not_of(' ');
  return text.substr(0, last == std::string::npos ? 0 : last + 1);
}

}  // namespace citk

size_t citk_status_message(CITKStatus status, char *__counted_by(capacity) buffer __noescape, size_t capacity) {
  const size_t length = std::min(strnlen(status.message, sizeof(status.message)), capacity);
  std::memcpy(buffer, status.message, length);
  return length;
}
