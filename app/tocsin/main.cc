// SPDX-License-Identifier: Apache-2.0
// tocsin -- the command: one verb, asked of the guard or of its journal.
#include <iostream>
#include <unistd.h>

#include "tocsin/cli/run.h"

int main(int argc, char** argv)
{
    using namespace tocsin::cli;
    Console console(std::cout, std::cerr, ::isatty(STDERR_FILENO) != 0 ? Shows::progress : Shows::nothing);
    return run(std::vector<std::string>(argv + 1, argv + argc), console);
}
