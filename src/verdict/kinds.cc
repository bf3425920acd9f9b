// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/kinds.h"

namespace tocsin::verdict {
namespace {

using event::FileType;

// Office programs and exports write all of these under the endings of each other.
bool is_document(FileType type)
{
    return type == FileType::text || type == FileType::pdf || type == FileType::zip || type == FileType::ole
        || type == FileType::rtf || type == FileType::sqlite;
}

bool is_packed(FileType type)
{
    return is_compressed(type) || is_archive(type) || type == FileType::tar || type == FileType::zlib
        || type == FileType::git_pack;
}

// Of a format that is not known nothing can be said, ciphertext is judged for itself, and what tools make is made
// again.
bool is_told(FileType type)
{
    return type != FileType::unknown && type != FileType::empty && !event::is_ciphertext(type)
        && !event::is_derived(type);
}

} // namespace

bool is_media(FileType type)
{
    auto const n = static_cast<int>(type);
    return (n >= 10 && n <= 20) || (n >= 60 && n < 70);
}

bool is_archive(FileType type)
{
    return type == FileType::zip || type == FileType::seven_zip || type == FileType::rar;
}

bool is_compressed(FileType type)
{
    return type == FileType::gzip || type == FileType::xz || type == FileType::zstd || type == FileType::bzip2
        || type == FileType::lz4;
}

bool is_structured(FileType type)
{
    return type == FileType::sqlite || type == FileType::rtf || type == FileType::bmp || type == FileType::tar
        || type == FileType::ole;
}

bool is_of_another_kind(FileType was, FileType is)
{
    if (was == is || !is_told(was) || !is_told(is) || (!event::is_dense(was) && !event::is_dense(is)))
        return false;
    bool const is_kept = (is_media(was) && is_media(is)) || (is_document(was) && is_document(is))
        || (is_packed(was) && is_packed(is));
    return !is_kept;
}

bool lacks_its_ending(event::ContentFacts const& facts)
{
    switch (facts.type) {
    case FileType::jpeg:
    case FileType::png:
    case FileType::gif:
    case FileType::pdf:
    case FileType::zip:
    case FileType::xz:
        return !facts.ends_well;
    default:
        return false;
    }
}

} // namespace tocsin::verdict
