#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "exit_code.hpp"

namespace program {

inline const std::terminate_handler usual_terminate = std::get_terminate();

/// Ends the program where memory runs out and no exception can pass: in a destructor (the JSON library's needs memory
/// to give memory back) or before `run`. A sentence, as of every error; files are whole, since none is written in
/// place.
[[noreturn]] inline void terminate() noexcept {
  if (std::current_exception()) {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      std::fputs(program_invocation_short_name, stderr);
      std::fputs(": out of memory, and none left to undo what was begun\n", stderr);
      std::_Exit(failure);
    } catch (...) {  // told by the usual handler
    }
  }
  usual_terminate();
  std::abort();
}

/// In every program that includes this, before its main.
inline const std::terminate_handler replaced_terminate = std::set_terminate(terminate);

}  // namespace program
