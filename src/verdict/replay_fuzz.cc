// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/replay.h"

// Whatever a recording holds, replaying it ends and keeps its bounds.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const bytes = std::as_bytes(std::span(data, size));
    (void)tocsin::verdict::replay_bytes(bytes, tocsin::verdict::Settings{}).ok();
    return 0;
}
