// SPDX-License-Identifier: Apache-2.0
// vault/chunker.h -- cuts a file where its content says so, exactly as restic does.
//
// A chunk ends after the first byte, at or past 512 KiB, at which the Rabin fingerprint of the
// last 64 bytes has its low 20 bits clear; at the latest after 8 MiB. The same content is cut
// in the same places wherever it stands in a file, so a changed file shares most chunks with
// the version before. What is shorter than 512 KiB is one chunk.
//
// Use: keep in one buffer what was read since the last cut; ask after each read:
//
//     while (n = read more into buffer) {
//         while (auto cut = chunker.next_cut(buffer)) { take buffer[0, cut); drop it; }
//     }
//     if (!buffer.empty()) { the rest is the last chunk; chunker.restart(); }
//
// Threads: one at a time. Bounds: 4 KiB of tables, no buffer of its own.
#pragma once

#include <array>

#include "tocsin/base/bytes.h"
#include "tocsin/vault/polynomial.h"

namespace tocsin::vault {

inline constexpr std::size_t chunk_min_bytes = 512 * 1024;
inline constexpr std::size_t chunk_max_bytes = 8 * 1024 * 1024;

class Chunker {
public:
    // REQUIRES: an irreducible polynomial of degree 53.
    explicit Chunker(Polynomial polynomial);

    // `chunk` holds all bytes since the last cut: those of the call before, and more.
    // Returns the length of the chunk they begin with, or 0 when it does not end in them.
    std::size_t next_cut(ByteView chunk);

    // Forgets the chunk begun: the next call is about a new file.
    void restart() { scanned_ = 0; }

private:
    std::size_t find_cut(ByteView chunk, std::size_t from, std::size_t to) const;
    std::size_t scan(ByteView chunk, std::size_t from, std::size_t to) const;
    std::size_t scan_lanes(ByteView chunk, std::size_t from) const;
    std::uint64_t digest_before(ByteView chunk, std::size_t position) const;

    std::array<std::uint64_t, 256> out_; // what a byte still adds 64 bytes later
    std::array<std::uint64_t, 256> mod_; // reduces the eight bits above the degree
    std::size_t scanned_ = 0; // ends before this byte are ruled out
};

} // namespace tocsin::vault
