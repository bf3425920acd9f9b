// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/mount_id.h"

#include <fmt/format.h>

#include "tocsin/base/sys.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t fdinfo_limit = 4'096;
constexpr std::string_view mark = "mnt_id:\t";

} // namespace

Result<std::string> mount_id_of(int fd)
{
    auto const info = TRY(sys::read_text(fmt::format("/proc/self/fdinfo/{}", fd), fdinfo_limit));
    auto const at = info.find(mark);
    if (at == std::string::npos)
        return Error(Errc::not_found, "its mount is not known");
    auto const id = info.substr(at + mark.size());
    return id.substr(0, id.find('\n'));
}

} // namespace tocsin::guard
