// expect: ok
// flags: -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wuseless-cast -Wdouble-promotion -Werror -Wno-unknown-warning-option
// Our headers in a program with more warnings than we build with, behind the macros of Qt, X11 and windows.h.
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cfloat>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include <fcntl.h>
#include <jpeglib.h>
#include <png.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

// Qt
#define slots
#define signals public
#define emit
#define foreach(one, all) for (one : all)
#define forever for (;;)
// X11
#define Above 0
#define Always 2
#define Below 1
#define Bool int
#define Button1 1
#define Complex 0
#define Convex 2
#define CursorShape 0
#define Expose 12
#define False 0
#define FocusIn 9
#define FocusOut 10
#define GrayScale 1
#define KeyPress 2
#define KeyRelease 3
#define None 0L
#define PseudoColor 3
#define Status int
#define Success 0
#define True 1
#define Unsorted 0
// windows.h
#undef FALSE
#undef TRUE
#define CALLBACK
#define CONST const
#define DELETE (0x00010000L)
#define ERROR 0
#define FALSE 0
#define IN
#define OPTIONAL
#define OUT
#define TRUE 1
#define VOID void
#define far
#define grp1 0x0430
#define interface struct
#define near
#define rad1 0x0420
#define small char

#include <saccade/classify.hpp>
#include <saccade/io.hpp>
#include <saccade/saccade.hpp>
#include <saccade/testing.hpp>

int main() {}
