#include "for_the_library.hpp"

#include <saccade/report/run_report.inl>
