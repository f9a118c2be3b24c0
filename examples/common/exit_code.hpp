#pragma once

namespace program {

enum ExitCode : int {
  success = 0,
  failure = 1,        ///< something went wrong; one sentence on stderr says what
  usage = 2,          ///< an option that does not exist, or has a value that it cannot take
  interrupted = 130,  ///< by one of the signals of Interruption; what a shell reports of SIGINT
};

}  // namespace program
