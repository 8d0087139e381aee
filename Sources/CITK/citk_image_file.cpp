// SPDX-License-Identifier: Apache-2.0

// Image files through ITK's ImageIO classes alone: no pipeline, no threads, no object factory.

#include "CITKQuiet.hpp"

#include "citk_image_file.h"

#include "itkJPEGImageIO.h"
#include "itkMetaImageIO.h"
#include "itkNiftiImageIO.h"
#include "itkNrrdImageIO.h"
#include "itkPNGImageIO.h"

#include <stdexcept>

namespace {

struct OpenedFile {
  itk::ImageIOBase::Pointer io;
  CITKImageFormat format = CITKImageFormatNone;
};

template <typename TImageIO>
bool TryFormat(const std::string &path, CITKImageFormat format, OpenedFile &result) {
  auto io = TImageIO::New();
  if (!io->CanReadFile(path.c_str())) {
    return false;
  }
  result.io = io.GetPointer();
  result.format = format;
  return true;
}

OpenedFile Open(const std::string &path) {
  OpenedFile result;
  const bool known =
      TryFormat<itk::NiftiImageIO>(path, CITKImageFormatNIfTI, result) || TryFormat<itk::NrrdImageIO>(path, CITKImageFormatNRRD, result) ||
      TryFormat<itk::MetaImageIO>(path, CITKImageFormatMetaImage, result) || TryFormat<itk::PNGImageIO>(path, CITKImageFormatPNG, result) ||
      TryFormat<itk::JPEGImageIO>(path, CITKImageFormatJPEG, result);
  if (!known) {
    throw std::runtime_error("is not a NIfTI, NRRD, MetaImage, PNG or JPEG file");
  }
  result.io->SetFileName(path);
  result.io->ReadImageInformation();
  return result;
}

CITKComponentType ComponentType(itk::IOComponentEnum type) {
  using Type = itk::IOComponentEnum;
  switch (type) {
    case Type::UCHAR:
      return CITKComponentTypeUInt8;
    case Type::CHAR:
      return CITKComponentTypeInt8;
    case Type::USHORT:
      return CITKComponentTypeUInt16;
    case Type::SHORT:
      return CITKComponentTypeInt16;
    case Type::UINT:
      return CITKComponentTypeUInt32;
    case Type::INT:
      return CITKComponentTypeInt32;
    case Type::ULONG:
      return sizeof(unsigned long) == 8 ? CITKComponentTypeUInt64 : CITKComponentTypeUInt32;
    case Type::LONG:
      return sizeof(long) == 8 ? CITKComponentTypeInt64 : CITKComponentTypeInt32;
    case Type::ULONGLONG:
      return CITKComponentTypeUInt64;
    case Type::LONGLONG:
      return CITKComponentTypeInt64;
    case Type::FLOAT:
      return CITKComponentTypeFloat32;
    case Type::DOUBLE:
      return CITKComponentTypeFloat64;
    default:
      return CITKComponentTypeUnknown;
  }
}

CITKPixelKind PixelKind(itk::IOPixelEnum type) {
  using Type = itk::IOPixelEnum;
  switch (type) {
    case Type::SCALAR:
      return CITKPixelKindScalar;
    case Type::RGB:
    case Type::RGBA:
      return CITKPixelKindColour;
    case Type::COMPLEX:
      return CITKPixelKindOther;
    default:
      return CITKPixelKindVector;
  }
}

/// A region with axes reversed to ITK's order.
itk::ImageIORegion Region(const int64_t *lower, const int64_t *extent, size_t rank) {
  itk::ImageIORegion region(static_cast<unsigned int>(rank));
  for (size_t axis = 0; axis < rank; ++axis) {
    const auto reversed = static_cast<unsigned int>(rank - 1 - axis);
    region.SetIndex(reversed, lower[axis]);
    region.SetSize(reversed, static_cast<itk::SizeValueType>(extent[axis]));
  }
  return region;
}

/// Whether a file tells its ImageIO to read less than all for a region of one voxel.
bool CanStream(itk::ImageIOBase &io) {
  const unsigned int rank = io.GetNumberOfDimensions();
  itk::ImageIORegion one(rank);
  size_t count = 1;
  for (unsigned int axis = 0; axis < rank; ++axis) {
    one.SetIndex(axis, 0);
    one.SetSize(axis, 1);
    count *= io.GetDimensions(axis);
  }
  io.SetUseStreamedReading(true);
  return count > 1 && io.GenerateStreamableReadRegionFromRequestedRegion(one).GetNumberOfPixels() == 1;
}

}  // namespace

CITKImageHeader citk_image_file_header(const char *path, double *__counted_by(capacity) geometry __noescape, size_t capacity) {
  CITKImageHeader header = {};
  header.status = citk::Guarded([&] {
    const citk::QuietFileAccess access;
    const OpenedFile file = Open(path);
    const size_t rank = file.io->GetNumberOfDimensions();
    if (rank < 1 || rank > CITK_MAXIMUM_RANK || rank * (rank + 3) > capacity) {
      throw std::runtime_error("has " + std::to_string(rank) + " axes, more than are read");
    }
    header.format = file.format;
    header.componentType = ComponentType(file.io->GetComponentType());
    header.pixelKind = PixelKind(file.io->GetPixelType());
    header.rank = rank;
    header.components = file.io->GetNumberOfComponents();
    for (size_t axis = 0; axis < rank; ++axis) {
      const auto reversed = static_cast<unsigned int>(rank - 1 - axis);
      geometry[axis] = static_cast<double>(file.io->GetDimensions(reversed));
      geometry[rank + axis] = file.io->GetSpacing(reversed);
      geometry[2 * rank + axis] = file.io->GetOrigin(reversed);
      // ITK's direction vector of an index axis is a column of the matrix.
      const std::vector<double> column = file.io->GetDirection(reversed);
      for (size_t world = 0; world < rank; ++world) {
        geometry[(3 + world) * rank + axis] = column[rank - 1 - world];
      }
    }
    header.canStream = CanStream(*file.io);
  });
  return header;
}

CITKStatus citk_image_file_read(const char *path, const int64_t *__counted_by(regionCount) region __noescape, size_t regionCount,
    void *__sized_by(byteCount) voxels __noescape, size_t byteCount) {
  return citk::Guarded([&] {
    const citk::QuietFileAccess access;
    const OpenedFile file = Open(path);
    const size_t rank = regionCount / 2;
    const int64_t *lower = region;
    const int64_t *extent = region + rank;
    if (file.io->GetNumberOfDimensions() != rank) {
      throw std::runtime_error("changed while it was open");
    }
    const itk::ImageIORegion requested = Region(lower, extent, rank);
    size_t whole = 1;
    for (size_t axis = 0; axis < rank; ++axis) {
      const auto reversed = static_cast<unsigned int>(rank - 1 - axis);
      const auto length = static_cast<int64_t>(file.io->GetDimensions(reversed));
      if (lower[axis] < 0 || extent[axis] < 0 || lower[axis] + extent[axis] > length) {
        throw std::runtime_error("changed while it was open");
      }
      whole *= static_cast<size_t>(length);
    }
    const size_t voxelSize = file.io->GetNumberOfComponents() * file.io->GetComponentSize();
    file.io->SetUseStreamedReading(requested.GetNumberOfPixels() != whole);
    const itk::ImageIORegion readable = file.io->GenerateStreamableReadRegionFromRequestedRegion(requested);
    if (readable.GetNumberOfPixels() != requested.GetNumberOfPixels() || requested.GetNumberOfPixels() * voxelSize != byteCount) {
      throw std::runtime_error("cannot be read in parts, or changed while it was open");
    }
    file.io->SetIORegion(requested);
    file.io->Read(voxels);
  });
}
