// SPDX-License-Identifier: Apache-2.0
// respond/nft.h -- nft(8), run in one network.
//
// Why the program and not its library: docs/decisions/0015-cut-by-nft-and-sigterm.md. Whatever stands in its
// commands was printed by us from what we have parsed: no word of a person goes into them as it is.
// Threads: any. Bounds: see network.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tocsin/respond/network.h"

namespace tocsin::respond {

// Commands, all of them or none. Gives what it prints; `failed` with its first line where it says no.
Result<std::string> nft(int network_fd, std::string_view commands);

// The first line of what nft said when it ended otherwise than with 0: `failed`.
Error what_nft_says(Ended const& ended);

// One command by its words, whatever comes of it.
Result<Ended> ask_nft(int network_fd, std::vector<std::string> words);

} // namespace tocsin::respond
