// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/user.h"

#include <array>
#include <pwd.h>
#include <unistd.h>

namespace tocsin {

std::optional<std::string> find_user_name(std::uint32_t uid)
{
    std::array<char, 16384> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return entry.pw_name;
    return {};
}

std::string user_name(std::uint32_t uid)
{
    return find_user_name(uid).value_or("#" + std::to_string(uid));
}

std::string host_name()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        return {};
    return name.data();
}

} // namespace tocsin
