// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/save_range.h"

#include <algorithm>

#include "tocsin/base/sys.h"

namespace tocsin::guard {

Result<std::vector<vault::BlobId>> save_range(
    vault::Repository& repository, int fd, Range range, std::size_t chunk_bytes)
{
    std::vector<vault::BlobId> out;
    Bytes chunk(chunk_bytes);
    for (auto offset = range.begin; offset < range.end;) {
        auto const wanted = std::min<std::uint64_t>(chunk.size(), range.end - offset);
        auto const got = TRY(sys::read_at(fd, std::span(chunk).first(wanted), offset));
        if (got == 0)
            break;
        auto const saved = TRY(repository.save_blob(vault::BlobType::data, ByteView(chunk).first(got)));
        out.push_back(saved.id);
        offset += got;
    }
    return out;
}

} // namespace tocsin::guard
