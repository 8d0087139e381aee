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

double seconds_now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

// Calls `work` on each of `threads` threads; what is to be done next is drawn from a counter that they share.
template <typename Work>
void on_threads(size_t count, int threads, const Work &work) {
  std::atomic<size_t> next{0};
  auto loop = [&] { work(next, count); };
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads; ++i) helpers.emplace_back(loop);
  loop();
  for (auto &helper : helpers) helper.join();
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
  std::atomic<bool> failed{false};
  double began = seconds_now();
  on_threads(paths.size(), threads, [&](std::atomic<size_t> &next, size_t count) {
    std::vector<char> bytes(capacity), decoded(capacity);
    for (size_t i = next++; i < count; i = next++) {
      size_t length = 0;
      if (!read_whole(paths[i].c_str(), bytes, length) || !decode(bytes, length, codec, decoded)) failed = true;
    }
  });
  return failed ? -1 : seconds_now() - began;
}

double cbenchmarks_encode_files(const char *list, int codec, size_t capacity, int level, size_t item, int threads) {
  std::vector<std::string> paths = lines_of(list);
  std::vector<std::vector<char>> chunks(paths.size(), std::vector<char>(capacity));
  std::atomic<bool> failed{false};
  on_threads(paths.size(), threads, [&](std::atomic<size_t> &next, size_t count) {
    std::vector<char> bytes(capacity);
    for (size_t i = next++; i < count; i = next++) {
      size_t length = 0;
      if (!read_whole(paths[i].c_str(), bytes, length) || !decode(bytes, length, codec, chunks[i])) failed = true;
    }
  });
  double began = seconds_now();
  on_threads(paths.size(), threads, [&](std::atomic<size_t> &next, size_t count) {
    std::vector<char> encoded(ZSTD_compressBound(capacity) + BLOSC_MAX_OVERHEAD);
    for (size_t i = next++; i < count; i = next++) {
      const std::vector<char> &chunk = chunks[i];
      if (codec == 1) {
        failed =
            failed || blosc_compress_ctx(level, 1, item, chunk.size(), chunk.data(), encoded.data(), encoded.size(), "zstd", 0, 1) <= 0;
      } else {
        failed = failed || ZSTD_isError(ZSTD_compress(encoded.data(), encoded.size(), chunk.data(), chunk.size(), level));
      }
    }
  });
  return failed ? -1 : seconds_now() - began;
}
