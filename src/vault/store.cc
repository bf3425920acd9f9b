// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/store.h"

#include <algorithm>

#include "tocsin/base/log.h"

namespace tocsin::vault {
namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

Error bad_name(std::string_view name)
{
    return Error(Errc::invalid, "'" + printable(name, 80) + "' is no name of a file in a repository");
}

} // namespace

std::string_view to_string(FileKind kind)
{
    switch (kind) {
    case FileKind::config:
        return "config";
    case FileKind::key:
        return "key";
    case FileKind::snapshot:
        return "snapshot";
    case FileKind::index:
        return "index";
    case FileKind::lock:
        return "lock";
    case FileKind::pack:
        return "pack";
    }
    std::abort();
}

Result<void> check_file_name(FileKind kind, std::string_view name)
{
    auto const is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
    bool const good = kind == FileKind::config ? name == config_name
                                               : name.size() == 64 && std::ranges::all_of(name, is_hex);
    if (!good)
        return bad_name(name);
    return {};
}

Result<void> check_staged_name(std::string_view name)
{
    auto const allowed = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '.' || c == '-'; };
    if (name.empty() || name.size() > 100 || name[0] == '.' || !std::ranges::all_of(name, allowed))
        return bad_name(name);
    return {};
}

} // namespace tocsin::vault
