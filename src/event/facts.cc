// SPDX-License-Identifier: Apache-2.0
#include "tocsin/event/facts.h"

#include <algorithm>

namespace tocsin::event {

bool is_dense(FileType type)
{
    switch (type) {
    case FileType::jpeg:
    case FileType::png:
    case FileType::gif:
    case FileType::webp:
    case FileType::pdf:
    case FileType::zip:
    case FileType::gzip:
    case FileType::xz:
    case FileType::zstd:
    case FileType::bzip2:
    case FileType::lz4:
    case FileType::seven_zip:
    case FileType::rar:
    case FileType::git_pack:
    case FileType::zlib:
    case FileType::mp3:
    case FileType::mp4:
    case FileType::ogg:
    case FileType::flac:
    case FileType::matroska:
        return true;
    default:
        return is_ciphertext(type);
    }
}

bool is_ciphertext(FileType type)
{
    return type == FileType::openpgp || type == FileType::age || type == FileType::openssl_salted
        || type == FileType::luks || type == FileType::ansible_vault;
}

bool is_derived(FileType type)
{
    return type == FileType::elf || type == FileType::object_archive || type == FileType::python_bytecode
        || type == FileType::java_class;
}

double similarity(Sketch const& a, Sketch const& b)
{
    static constexpr std::uint32_t unused = 0xffffffff;
    // Bottom-k of the union: walk both in order, count what is in both (Broder 1997).
    std::size_t i = 0, j = 0, seen = 0, shared = 0;
    while (seen < a.size() && (i < a.size() || j < b.size())) {
        auto x = i < a.size() ? a[i] : unused;
        auto y = j < b.size() ? b[j] : unused;
        if (x == unused && y == unused)
            break;
        shared += x == y;
        i += x <= y;
        j += y <= x;
        ++seen;
    }
    return seen == 0 ? 0.0 : static_cast<double>(shared) / static_cast<double>(seen);
}

} // namespace tocsin::event
