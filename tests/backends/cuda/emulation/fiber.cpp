#include "fiber.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SACCADE_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SACCADE_TEST_ASAN 1
#endif
#endif
#if defined(SACCADE_TEST_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__)
// saccade_test_switch(&from, to): keeps the registers that a function must preserve on the stack, exchanges the stacks.
// swapcontext would do, but it asks the operating system for the signal mask: a hundred times slower.
asm(R"(
.text
.globl saccade_test_switch
.hidden saccade_test_switch
.type saccade_test_switch, @function
saccade_test_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size saccade_test_switch, . - saccade_test_switch
)");
extern "C" void saccade_test_switch(void** from, void* to);
#endif

namespace saccade_test::emulation {
namespace {

thread_local Fiber* running = nullptr;

#if defined(__x86_64__)

void* make_context(char* stack, std::size_t size, void (*entry)()) {
  auto** top = reinterpret_cast<void**>(stack + size);
  *--top = nullptr;  // where `entry` would return to; keeps its stack aligned
  *--top = reinterpret_cast<void*>(entry);
  for (int saved_register = 0; saved_register < 6; ++saved_register) *--top = nullptr;
  return top;
}

void switch_context(void** from, void* to) { saccade_test_switch(from, to); }
void free_context(void*) {}

#else

void* make_context(char* stack, std::size_t size, void (*entry)()) {
  auto* context = new ucontext_t;
  getcontext(context);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = size;
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
  return context;
}

void switch_context(void** from, void* to) {
  if (!*from) *from = new ucontext_t;
  swapcontext(static_cast<ucontext_t*>(*from), static_cast<ucontext_t*>(to));
}
void free_context(void* context) { delete static_cast<ucontext_t*>(context); }

#endif

}  // namespace

Fiber::Fiber(void (*body)(void*), void* argument) : body_(body), argument_(argument) {
  void* const memory =
      mmap(nullptr, page + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, page, PROT_NONE);
  memory_ = static_cast<char*>(memory);
  restart();
}

Fiber::~Fiber() {
  free_context(context_);
#if !defined(__x86_64__)
  free_context(resumer_);
#endif
  munmap(memory_, page + stack_size);
}

void Fiber::restart() {
#if defined(SACCADE_TEST_ASAN)
  __asan_unpoison_memory_region(memory_ + page, stack_size);
  frame_ = nullptr;
#endif
  free_context(context_);
  context_ = make_context(memory_ + page, stack_size, &Fiber::enter);
}

void Fiber::resume() {
  running = this;
  switch_to_fiber();
  running = nullptr;
}

void Fiber::suspend() { running->switch_to_resumer(); }

void Fiber::enter() {
  Fiber* const self = running;
#if defined(SACCADE_TEST_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, &self->resumer_stack_, &self->resumer_stack_size_);
#endif
  self->body_(self->argument_);
  std::abort();
}

void Fiber::switch_to_fiber() {
#if defined(SACCADE_TEST_ASAN)
  __sanitizer_start_switch_fiber(&resumer_frame_, memory_ + page, stack_size);
#endif
  switch_context(&resumer_, context_);
#if defined(SACCADE_TEST_ASAN)
  __sanitizer_finish_switch_fiber(resumer_frame_, nullptr, nullptr);
#endif
}

void Fiber::switch_to_resumer() {
#if defined(SACCADE_TEST_ASAN)
  __sanitizer_start_switch_fiber(&frame_, resumer_stack_, resumer_stack_size_);
#endif
  switch_context(&context_, resumer_);
#if defined(SACCADE_TEST_ASAN)
  __sanitizer_finish_switch_fiber(frame_, &resumer_stack_, &resumer_stack_size_);
#endif
}

}  // namespace saccade_test::emulation
