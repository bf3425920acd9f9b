// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "tocsin/cli/guard/configuration.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    (void)tocsin::cli::parse_configuration({reinterpret_cast<char const*>(data), size}, "fuzz.toml");
    return 0;
}
