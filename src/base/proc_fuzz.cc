// SPDX-License-Identifier: Apache-2.0
// Processes choose their names: no name may make a parser read past the text or give back a field
// that is none.
#include "tocsin/base/proc.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    namespace proc = tocsin::proc;
    std::string_view text(reinterpret_cast<char const*>(data), size);
    auto stat = proc::parse_stat(text);
    if (stat.ok() && stat.take().comm.size() > 64)
        std::abort();
    (void)proc::parse_effective_uid(text).ok();
    (void)proc::parse_cgroup_path(text).ok();
    (void)proc::parse_cgroup_mount(text).ok();
    return 0;
}
