// A library to be loaded before libc (LD_PRELOAD) that lets one call fail of those that the program makes in main:
//
//     FAULT_CALL   write, fsync, rename, open, close, mmap, pthread_create or malloc
//     FAULT_AT     which one fails, counted from 1 over all threads; 0: none
//     FAULT_COUNT  file into which the number of calls is written at the end
//
// Only calls that cross from the program or a library into libc are seen; those of libc to itself are not.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <pthread.h>
#include <sys/types.h>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

enum Call { no_call, on_write, on_fsync, on_rename, on_open, on_close, on_mmap, on_pthread_create, on_malloc };

constexpr const char* names[] = {"", "write", "fsync", "rename", "open", "close", "mmap", "pthread_create", "malloc"};

// Read by every thread; set before main, and `chosen` again after it.
std::atomic<int> chosen{no_call};
std::atomic<long> calls{0};
long fails_at = 0;

/// Whether this call is the one to fail.
bool fails(Call call) {
  return chosen.load(std::memory_order_relaxed) == call &&
         calls.fetch_add(1, std::memory_order_relaxed) + 1 == fails_at;
}

template <class Function>
Function next(const char* name) {
  void* const found = ::dlsym(RTLD_NEXT, name);
  if (!found) std::abort();
  return reinterpret_cast<Function>(found);
}

int fail(int reason) {
  errno = reason;
  return -1;
}

int (*program)(int, char**, char**);

int counted_main(int count, char** arguments, char** environment) {
  const char* const name = std::getenv("FAULT_CALL");
  const char* const at = std::getenv("FAULT_AT");
  fails_at = at ? std::atol(at) : 0;
  for (int call = on_write; name && call <= on_malloc; ++call)
    if (std::strcmp(name, names[call]) == 0) chosen = call;
  const int code = program(count, arguments, environment);
  chosen = no_call;
  if (const char* const path = std::getenv("FAULT_COUNT")) {
    if (std::FILE* const file = std::fopen(path, "w")) {
      std::fprintf(file, "%ld\n", calls.load());
      std::fclose(file);
    }
  }
  return code;
}

}  // namespace

extern "C" {

int __libc_start_main(int (*main)(int, char**, char**), int count, char** arguments, void (*begin)(), void (*end)(),
                      void (*linker_end)(), void* stack) {
  program = main;
  using Start = int (*)(int (*)(int, char**, char**), int, char**, void (*)(), void (*)(), void (*)(), void*);
  return next<Start>("__libc_start_main")(counted_main, count, arguments, begin, end, linker_end, stack);
}

ssize_t write(int file, const void* bytes, std::size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  return fails(on_write) ? fail(ENOSPC) : real(file, bytes, size);
}

int fsync(int file) {
  static const auto real = next<int (*)(int)>("fsync");
  return fails(on_fsync) ? fail(EIO) : real(file);
}

int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return fails(on_rename) ? fail(EIO) : real(from, to);
}

int open(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const unsigned mode = va_arg(rest, unsigned);  // only looked at where a file is made
  va_end(rest);
  return fails(on_open) ? fail(EMFILE) : real(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open64");
  va_list rest;
  va_start(rest, flags);
  const unsigned mode = va_arg(rest, unsigned);
  va_end(rest);
  return fails(on_open) ? fail(EMFILE) : real(path, flags, mode);
}

std::FILE* fopen(const char* path, const char* mode) {
  static const auto real = next<std::FILE* (*)(const char*, const char*)>("fopen");
  return fails(on_open) ? (errno = EMFILE, nullptr) : real(path, mode);
}

std::FILE* fopen64(const char* path, const char* mode) {
  static const auto real = next<std::FILE* (*)(const char*, const char*)>("fopen64");
  return fails(on_open) ? (errno = EMFILE, nullptr) : real(path, mode);
}

// The descriptor is closed all the same, as Linux does it.
int close(int file) {
  static const auto real = next<int (*)(int)>("close");
  const bool late = fails(on_close);
  const int result = real(file);
  return late ? fail(EIO) : result;
}

void* mmap(void* address, std::size_t size, int protection, int flags, int file, off_t offset) {
  static const auto real = next<void* (*)(void*, std::size_t, int, int, int, off_t)>("mmap");
  return fails(on_mmap) ? (errno = ENOMEM, reinterpret_cast<void*>(-1))
                        : real(address, size, protection, flags, file, offset);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  static const auto real = next<int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  return fails(on_pthread_create) ? EAGAIN : real(thread, attributes, body, argument);
}

void* malloc(std::size_t size) { return fails(on_malloc) ? (errno = ENOMEM, nullptr) : __libc_malloc(size); }

void* calloc(std::size_t count, std::size_t size) {
  return fails(on_malloc) ? (errno = ENOMEM, nullptr) : __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) {
  return fails(on_malloc) ? (errno = ENOMEM, nullptr) : __libc_realloc(block, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails(on_malloc) ? (errno = ENOMEM, nullptr) : __libc_memalign(alignment, size);
}

void* memalign(std::size_t alignment, std::size_t size) { return aligned_alloc(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  if (fails(on_malloc)) return ENOMEM;
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}
}
