// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/nft.h"

#include <fmt/format.h>

namespace tocsin::respond {
namespace {

constexpr auto program = "/usr/sbin/nft";

} // namespace

Result<std::string> nft(int network_fd, std::string_view commands)
{
    auto ended = TRY(run_in_network(network_fd, {program, "-f", "-"}, commands).context("nftables"));
    if (ended.status != 0)
        return what_nft_says(ended);
    return std::move(ended.said);
}

Error what_nft_says(Ended const& ended)
{
    auto const why = ended.said.substr(0, ended.said.find('\n'));
    return Error(Errc::failed,
        fmt::format("nftables: {}", why.empty() ? fmt::format("nft ended by {}", ended.status) : why));
}

Result<Ended> ask_nft(int network_fd, std::vector<std::string> words)
{
    words.insert(words.begin(), program);
    return run_in_network(network_fd, std::move(words), {}).context("nftables");
}

} // namespace tocsin::respond
