// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/allowed.h"

#include <algorithm>
#include <netinet/in.h>
#include <optional>

#include "tocsin/base/number.h"

namespace tocsin::respond {
namespace {

struct Words {
    std::string range;
    std::optional<std::string> port;
};

// Where the range ends and the port begins; nothing of it is judged yet.
std::optional<Words> split(std::string const& word)
{
    if (!word.starts_with('[')) {
        bool const has_port = std::ranges::count(word, ':') == 1;
        auto const colon = has_port ? word.find(':') : word.size();
        return Words{word.substr(0, colon), has_port ? std::optional(word.substr(colon + 1)) : std::nullopt};
    }
    auto const bracket = word.find(']');
    auto const inner = word.substr(1, bracket == std::string::npos ? bracket : bracket - 1);
    if (bracket == std::string::npos || inner.find(':') == std::string::npos
        || inner.find('/') != std::string::npos)
        return std::nullopt;
    auto const rest = word.substr(bracket + 1);
    if (!rest.empty() && rest.front() != '/' && rest.front() != ':')
        return std::nullopt;
    auto const colon = std::min(rest.find(':'), rest.size());
    return Words{inner + rest.substr(0, colon),
        colon < rest.size() ? std::optional(rest.substr(colon + 1)) : std::nullopt};
}

bool is_mapped(AddressRange const& range)
{
    in6_addr address{};
    std::ranges::copy(range.address, std::begin(address.s6_addr));
    return range.family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address);
}

} // namespace

Result<Allowed> Allowed::parse(std::string const& word)
{
    Error const no_place(Errc::invalid,
        "'" + word.substr(0, 64)
            + "' is no ADDRESS[/BITS][:PORT], such as 10.0.0.5, 10.1.0.0/16, 10.0.0.5:443 or "
              "[2001:db8::1]:443");
    auto const words = split(word);
    auto range = words ? AddressRange::parse(words->range) : no_place;
    if (!range.ok())
        return no_place;
    Allowed out;
    out.range = range.take();
    if (words->port && (!to_number(std::string_view(*words->port), out.port) || out.port == 0))
        return no_place;
    if (out.range.bits == 0)
        return Error(Errc::invalid, "'" + word + "' is everybody: that isolates from nobody");
    if (is_mapped(out.range))
        return Error(Errc::invalid, "'" + word + "' is IPv4 written as IPv6: write it as 10.0.0.5");
    return out;
}

std::string Allowed::text() const
{
    auto const written = range.text();
    if (port == 0)
        return written;
    auto const slash = std::min(written.find('/'), written.size());
    auto const address =
        range.family == AF_INET ? written : "[" + written.substr(0, slash) + "]" + written.substr(slash);
    return address + ":" + std::to_string(port);
}

std::string refuse_what_cannot_be_allowed(std::string const& word)
{
    auto parsed = Allowed::parse(word);
    return parsed.ok() ? std::string() : parsed.error().message();
}

} // namespace tocsin::respond
