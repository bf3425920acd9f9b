// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/user.h"

#include <array>
#include <pwd.h>

namespace tocsin {

std::string user_name(std::uint32_t uid)
{
    std::array<char, 16384> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return entry.pw_name;
    return "#" + std::to_string(uid);
}

} // namespace tocsin
