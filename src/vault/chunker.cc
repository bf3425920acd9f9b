// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/chunker.h"

#include <algorithm>

namespace tocsin::vault {
namespace {

constexpr std::size_t window_bytes = 64;
constexpr std::uint64_t cut_mask = (1ULL << 20) - 1;
constexpr unsigned index_shift = chunker_degree - 8;

// One digest waits for its own table look-up at every byte. Four at once, over four pieces
// that follow each other, keep the processor busy; all that an early cut wastes is a batch.
constexpr std::size_t lanes = 4;
constexpr std::size_t lane_bytes = 8 * 1024;

std::size_t value(std::byte b)
{
    return std::to_integer<std::size_t>(b);
}

} // namespace

Chunker::Chunker(Polynomial polynomial)
{
    for (std::size_t b = 0; b < 256; ++b) {
        // b(x) * x^53 as the remainder that replaces it and the bits that it cancels.
        Polynomial const high{b << chunker_degree};
        mod_[b] = remainder(high, polynomial).bits | high.bits;
    }
    for (std::size_t b = 0; b < 256; ++b) {
        std::uint64_t digest = b;
        for (std::size_t i = 0; i < window_bytes; ++i)
            digest = (digest << 8) ^ mod_[digest >> index_shift];
        out_[b] = digest;
    }
}

std::uint64_t Chunker::digest_before(ByteView chunk, std::size_t position) const
{
    std::uint64_t digest = 0;
    for (std::byte b : chunk.subspan(position - window_bytes, window_bytes))
        digest = (digest << 8 | value(b)) ^ mod_[digest >> index_shift];
    return digest;
}

// The first position in [from, to) after which a chunk may end, or `to`.
std::size_t Chunker::scan(ByteView chunk, std::size_t from, std::size_t to) const
{
    auto digest = digest_before(chunk, from);
    for (std::size_t at = from; at < to; ++at) {
        auto const slid = value(chunk[at]) ^ out_[value(chunk[at - window_bytes])];
        digest = (digest << 8) ^ mod_[digest >> index_shift] ^ slid;
        if ((digest & cut_mask) == 0)
            return at;
    }
    return to;
}

// As scan() over `lanes` pieces of `lane_bytes` from `from` on.
std::size_t Chunker::scan_lanes(ByteView chunk, std::size_t from) const
{
    std::size_t const none = from + lanes * lane_bytes;
    std::array<std::uint64_t, lanes> digest;
    std::array<std::size_t, lanes> found;
    found.fill(none);
    for (std::size_t lane = 0; lane < lanes; ++lane)
        digest[lane] = digest_before(chunk, from + lane * lane_bytes);
    std::byte const* const in = chunk.data() + from;
    std::byte const* const old = in - window_bytes;
    for (std::size_t at = 0; at < lane_bytes; ++at) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            auto const here = lane * lane_bytes + at;
            auto const slid = value(in[here]) ^ out_[value(old[here])];
            digest[lane] = (digest[lane] << 8) ^ mod_[digest[lane] >> index_shift] ^ slid;
            if ((digest[lane] & cut_mask) == 0) [[unlikely]]
                found[lane] = std::min(found[lane], from + here);
        }
        if (found[0] != none) [[unlikely]]
            break;
    }
    return *std::ranges::min_element(found);
}

std::size_t Chunker::find_cut(ByteView chunk, std::size_t from, std::size_t to) const
{
    for (; to - from >= lanes * lane_bytes; from += lanes * lane_bytes) {
        auto const found = scan_lanes(chunk, from);
        if (found != from + lanes * lane_bytes)
            return found;
    }
    return scan(chunk, from, to);
}

std::size_t Chunker::next_cut(ByteView chunk)
{
    auto const end = std::min(chunk.size(), chunk_max_bytes);
    auto const from = std::max(scanned_, chunk_min_bytes - 1); // the end of the shortest chunk
    if (end <= from)
        return 0;
    auto const at = find_cut(chunk, from, end);
    scanned_ = end;
    if (at == end && end < chunk_max_bytes)
        return 0;
    scanned_ = 0;
    return std::min(at + 1, chunk_max_bytes);
}

} // namespace tocsin::vault
