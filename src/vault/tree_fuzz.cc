// SPDX-License-Identifier: Apache-2.0
// A tree's JSON: what is taken is written and read back the same, and its names are components.
#include <cstdlib>

#include "tocsin/vault/tree.h"

using namespace tocsin;
using namespace tocsin::vault;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    TreeBounds const bounds{.bytes = 1 << 20, .nodes = 1000};
    auto decoded = decode_tree(std::as_bytes(std::span(data, size)), bounds);
    if (!decoded.ok())
        return 0;
    auto const nodes = decoded.take();
    for (auto const& node : nodes) {
        if (node.name.empty() || node.name == ".." || node.name.find('/') != std::string::npos)
            std::abort();
    }
    auto encoded = encode_tree(nodes); // names twice are refused
    if (!encoded.ok())
        return 0;
    auto const first = encoded.take();
    auto const again = decode_tree(first, TreeBounds{}).take();
    if (encode_tree(again).take() != first)
        std::abort();
    return 0;
}
