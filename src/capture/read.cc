// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/read.h"

#include <algorithm>
#include <optional>
#include <unistd.h>

#include "tocsin/base/sys.h"
#include "tocsin/capture/facts_builder.h"

namespace tocsin::capture {
namespace {

constexpr std::size_t extents_at_most = 65536; // a file with more holes is kept as if dense

// The data ranges of a file that has holes; empty for one without.
std::vector<event::Extent> data_extents(int fd, event::Metadata const& metadata)
{
    std::vector<event::Extent> out;
    if (metadata.size == 0 || metadata.blocks * 512 >= metadata.size)
        return out;
    auto size = static_cast<off_t>(metadata.size);
    for (off_t at = 0; at < size;) {
        auto data = ::lseek(fd, at, SEEK_DATA);
        if (data < 0) {
            if (errno == ENXIO && out.empty()) // nothing but a hole
                out.push_back({metadata.size, 0});
            break;
        }
        auto hole = ::lseek(fd, data, SEEK_HOLE);
        if (hole < 0 || out.size() >= extents_at_most)
            return {};
        out.push_back({static_cast<std::uint64_t>(data), static_cast<std::uint64_t>(hole - data)});
        at = hole;
    }
    bool dense = out.size() == 1 && out[0].offset == 0 && out[0].length >= metadata.size;
    return dense ? std::vector<event::Extent>{} : out;
}

} // namespace

Reader::Reader(vault::Repository& repository)
    : repository_(repository), chunker_(repository.config().polynomial), buffer_(vault::chunk_max_bytes)
{
}

Result<event::Version> Reader::read(int fd, int content_fd)
{
    event::Version version;
    version.metadata = TRY(event::read_metadata(fd));
    version.key.filesystem = TRY(sys::filesystem_id(fd));
    version.key.handle = TRY(sys::handle_of(fd));
    version.object = event::id_of(version.key);
    version.path = path_of(fd);
    if (version.kind() == event::ObjectKind::regular) {
        TRY(read_content(content_fd, version).context("read '" + version.path + "'"));
        auto after = TRY(sys::stat_fd(fd));
        if (fd == content_fd && event::stamp_of(after) != event::stamp_of(version.metadata))
            return Error(Errc::again, "'" + version.path + "' changed while it was read");
    } else {
        version.digest = Sha256::of(as_bytes(version.metadata.link_target));
    }
    version.time = wall_now();
    return version;
}

Result<void> Reader::read_content(int fd, event::Version& version)
{
    FactsBuilder facts;
    std::optional<Sha256Stream> whole; // only where the content is more than one blob
    version.extents = data_extents(fd, version.metadata);
    std::uint64_t offset = 0;
    std::size_t held = 0; // bytes of the chunk begun, at the front of the buffer
    for (bool at_end = false; !at_end;) {
        auto got = TRY(sys::read_at(fd, std::span(buffer_).subspan(held), offset));
        auto piece = ByteView(buffer_).subspan(held, got);
        at_end = got < buffer_.size() - held;
        offset += got;
        held += got;
        facts.add(piece);
        if (whole || !at_end || held >= vault::chunk_min_bytes) {
            if (!whole)
                whole.emplace();
            whole->update(piece);
        }
        auto rest = TRY(save_whole_chunks(ByteView(buffer_).first(held), version));
        std::copy(rest.begin(), rest.end(), buffer_.begin());
        held = rest.size();
    }
    chunker_.restart();
    if (held > 0)
        TRY(save(ByteView(buffer_).first(held), version));
    if (version.content.size() == 1)
        version.digest = version.content[0];
    else
        version.digest = whole ? whole->finish() : Sha256::of({});
    version.facts = facts.finish();
    return {};
}

// Returns what follows the last cut.
Result<ByteView> Reader::save_whole_chunks(ByteView bytes, event::Version& version)
{
    for (std::size_t cut = 0; (cut = chunker_.next_cut(bytes)) != 0; bytes = bytes.subspan(cut))
        TRY(save(bytes.first(cut), version));
    return bytes;
}

Result<void> Reader::save(ByteView chunk, event::Version& version)
{
    auto saved = repository_.save_blob(vault::BlobType::data, chunk);
    if (!saved.ok()) {
        chunker_.restart();
        return saved.take_error();
    }
    version.content.push_back(saved.take().id);
    return {};
}

std::string path_of(int fd)
{
    auto path = sys::read_link_at(AT_FDCWD, sys::fd_path(fd));
    if (!path.ok())
        return {};
    auto text = path.take();
    static constexpr std::string_view mark = " (deleted)";
    if (text.ends_with(mark)) {
        auto status = sys::stat_fd(fd);
        if (status.ok() && status.take().stx_nlink == 0)
            text.resize(text.size() - mark.size());
    }
    return text;
}

} // namespace tocsin::capture
