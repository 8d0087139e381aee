// SPDX-License-Identifier: Apache-2.0

#include "CITKQuiet.hpp"

#include "citk_png.h"

#include "itkPNGImageIO.h"

#include <stdexcept>

CITKStatus citk_png_write(
    const char *path, const uint8_t *__counted_by(count) pixels __noescape, size_t count, size_t height, size_t width) {
  return citk::Guarded([&] {
    const citk::QuietFileAccess access;
    if (count != 3 * height * width) {
      throw std::invalid_argument("a picture and its size differ");
    }
    auto io = itk::PNGImageIO::New();
    io->SetFileName(path);
    io->SetNumberOfDimensions(2);
    io->SetDimensions(0, static_cast<unsigned int>(width));
    io->SetDimensions(1, static_cast<unsigned int>(height));
    io->SetPixelType(itk::IOPixelEnum::RGB);
    io->SetComponentType(itk::IOComponentEnum::UCHAR);
    io->SetNumberOfComponents(3);
    io->SetUseCompression(true);
    itk::ImageIORegion region(2);
    region.SetSize(0, width);
    region.SetSize(1, height);
    io->SetIORegion(region);
    io->Write(pixels);
  });
}
