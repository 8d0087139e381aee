// SPDX-License-Identifier: Apache-2.0
#include <blosc.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <atomic>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "include/CBenchmarks.h"

namespace {

bool read_whole(const char *path, std::vector<char> &bytes, size_t &count) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct stat information;
  bool done = fstat(file, &information) == 0;
  count = done ? size_t(information.st_size) : 0;
  if (bytes.size() < count) bytes.resize(count);
  for (size_t filled = 0; done && filled < count;) {
    ssize_t part = read(file, bytes.data() + filled, count - filled);
    done = part > 0;
    filled += done ? size_t(part) : 0;
  }
  close(file);
  return done;
}

bool decode(const std::vector<char> &bytes, size_t count, int codec, std::vector<char> &decoded) {
  if (codec == 0) return count == decoded.size();
  if (codec == 1) return blosc_decompress_ctx(bytes.data(), decoded.data(), decoded.size(), 1) == int(decoded.size());
  return ZSTD_decompress(decoded.data(), decoded.size(), bytes.data(), count) == decoded.size();
}

std::vector<std::string> lines_of(const char *list) {
  std::vector<std::string> result;
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) result.push_back(line);
  return result;
}

}  // namespace

void cbenchmarks_forget_files(const char *list) {
  for (const std::string &path : lines_of(list)) {
    int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    fsync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
  }
}

double cbenchmarks_read_files(const char *list, int codec, size_t capacity, int threads) {
  std::vector<std::string> paths = lines_of(list);
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  auto work = [&] {
    std::vector<char> bytes(capacity), decoded(capacity);
    for (size_t i = next++; i < paths.size(); i = next++) {
      size_t length = 0;
      if (!read_whole(paths[i].c_str(), bytes, length) || !decode(bytes, length, codec, decoded)) failed = true;
    }
  };
  timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
  for (auto &helper : helpers) helper.join();
  clock_gettime(CLOCK_MONOTONIC, &after);
  return failed ? -1 : double(after.tv_sec - before.tv_sec) + 1e-9 * double(after.tv_nsec - before.tv_nsec);
}
