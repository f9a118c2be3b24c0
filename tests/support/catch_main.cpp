#define CATCH_CONFIG_MAIN
#include "support/catch.hpp"

#if CATCH_VERSION_MAJOR >= 3
int main(int argc, char* argv[]) { return Catch::Session().run(argc, argv); }
#endif
