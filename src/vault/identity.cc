// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/identity.h"

#include <pwd.h>
#include <unistd.h>
#include <vector>

namespace tocsin::vault {

std::string own_user_name()
{
    std::vector<char> buffer(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return {};
    return found->pw_name;
}

std::string own_host_name()
{
    char name[256] = {};
    if (::gethostname(name, sizeof(name) - 1) != 0)
        return {};
    return name;
}

} // namespace tocsin::vault
