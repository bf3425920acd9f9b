// SPDX-License-Identifier: Apache-2.0
// event/facts.h -- what one reading of a content tells the verdict, whatever the content is.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "tocsin/base/bytes.h"

namespace tocsin::event {

// By magic number and, where the format has one, its ending. Never renumber: kept in journals.
enum class FileType : std::uint8_t {
    unknown = 0,
    empty = 1,
    text = 2, // UTF-8 or ASCII without control characters
    jpeg = 10,
    png = 11,
    gif = 12,
    tiff = 13,
    webp = 14,
    bmp = 15,
    pdf = 20,
    zip = 21, // also OOXML, ODF, jar, epub
    ole = 22, // old Office, msi
    rtf = 23,
    gzip = 30,
    xz = 31,
    zstd = 32,
    bzip2 = 33,
    lz4 = 34,
    seven_zip = 35,
    rar = 36,
    tar = 37,
    elf = 40,
    object_archive = 41, // ar: .a, .deb
    python_bytecode = 42,
    java_class = 43,
    sqlite = 50,
    git_pack = 51,
    zlib = 52, // a loose git object among others
    mp3 = 60,
    mp4 = 61, // ISO base media
    ogg = 62,
    flac = 63,
    riff = 64,
    matroska = 65,
    openpgp = 70, // ciphertexts that say what they are
    age = 71,
    openssl_salted = 72,
    luks = 73,
    ansible_vault = 74,
};

// Packed or media formats: high entropy is their nature.
bool is_dense(FileType type);
// Formats that announce ciphertext.
bool is_ciphertext(FileType type);
// What tools make again from other files: objects, archives of objects, byte code.
bool is_derived(FileType type);

// A fingerprint by which two contents are compared without either: the smallest values of a
// rolling hash (bottom-k sketch), which shared passages share wherever they stand.
using Sketch = std::array<std::uint32_t, 16>; // ascending; unused places are 0xffffffff

// As far as a packed content is held against its own check sums (capture/integrity.h).
constexpr std::uint64_t most_packed_checked = 1024 * 1024;
constexpr std::uint64_t most_unpacked_checked = 16 * 1024 * 1024;

struct ContentFacts {
    FileType type = FileType::unknown;
    float entropy = 0; // bits a byte, 0 to 8, over all bytes (of samples above 8 MiB)
    bool ends_well = false; // the type has a known ending and it is there, and no check sum says otherwise
    std::uint64_t unpacked_size = 0; // what a gzip, xz or zstd file says it unpacks to; 0: not said
    Sketch sketch{};

    bool operator==(ContentFacts const&) const = default;
};

// Jaccard estimate, 0 (nothing shared) to 1. Contents too short for a sketch give 0.
double similarity(Sketch const& a, Sketch const& b);

} // namespace tocsin::event
