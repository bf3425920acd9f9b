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

bool may_have_holes(event::Metadata const& metadata)
{
    return metadata.blocks * 512 < metadata.size;
}

// The first range of data at or after `at`; an empty one at `size` where only a hole is left.
Result<event::Extent> next_data(int fd, std::uint64_t at, std::uint64_t size)
{
    auto data = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO)
        return event::Extent{size, 0};
    if (data < 0 && errno == EINVAL)
        return event::Extent{at, size - at}; // this file system does not tell
    if (data < 0)
        return Error::from_errno(errno, "lseek SEEK_DATA");
    auto hole = ::lseek(fd, data, SEEK_HOLE);
    if (hole < 0)
        return Error::from_errno(errno, "lseek SEEK_HOLE");
    auto from = std::min(static_cast<std::uint64_t>(data), size);
    auto to = std::min(static_cast<std::uint64_t>(hole), size);
    return event::Extent{from, to - from};
}

Error too_large(std::string_view what)
{
    return Error(Errc::invalid, "too large to be kept: " + std::string(what));
}

// Refuses what would reach a bound in the end, before a byte of it is read.
Result<void> check_bounds(int fd, event::Metadata const& metadata)
{
    auto data_bytes = std::min(metadata.size, metadata.blocks * 512);
    if (data_bytes > data_limit_bytes)
        return too_large("more than 1 TiB of data");
    auto ids = data_bytes / vault::chunk_max_bytes; // at least
    if (!may_have_holes(metadata))
        return {};
    std::uint64_t at = 0;
    for (std::size_t extents = 0; at < metadata.size && extents < extents_at_most; ++extents) {
        auto data = TRY(next_data(fd, at, metadata.size));
        ids += std::max<std::uint64_t>((data.offset - at) / vault::chunk_min_bytes, 2) - 2;
        at = data.offset + data.length;
    }
    if (ids > content_ids_at_most)
        return too_large("its holes alone are too many chunks");
    return {};
}

} // namespace

// One content on its way into a version. Zeros of a hole are cut as if they had been read: restic
// knows no holes. A chunk of zeros ends at its earliest, since the fingerprint of zeros is zero.
class Reader::Content {
public:
    Content(Reader& reader, event::Version& version, std::stop_token const& stop)
        : reader_(reader), version_(version), stop_(stop)
    {
        reader_.chunker_.restart();
        if (version.metadata.size >= vault::chunk_min_bytes)
            whole_.emplace();
    }

    Result<void> add_data(int fd, event::Extent data)
    {
        while (data.length > 0) {
            auto room = std::min<std::uint64_t>(reader_.buffer_.size() - held_, data.length);
            auto into = std::span(reader_.buffer_).subspan(held_, room);
            auto got = TRY(sys::read_at(fd, into, data.offset));
            if (got != room)
                return Error(Errc::again, "it became shorter while it was read");
            data.offset += room;
            data.length -= room;
            TRY(take(room));
        }
        return {};
    }

    Result<void> add_hole(std::uint64_t length)
    {
        while (length > 0) {
            if (held_ == 0 && length >= reader_.zeros_.size()) {
                TRY(add_chunk_of_zeros());
                length -= reader_.zeros_.size();
                continue;
            }
            // Up to where the window holds nothing but zeros: the chunk that was begun ends there.
            auto chunk_end = std::max(vault::chunk_min_bytes, held_ + window_bytes);
            auto count = std::min(
                {length, std::uint64_t{chunk_end - held_}, std::uint64_t{reader_.buffer_.size() - held_}});
            std::ranges::fill(std::span(reader_.buffer_).subspan(held_, count), std::byte{0});
            length -= count;
            TRY(take(count));
        }
        return {};
    }

    Result<void> finish()
    {
        if (held_ > 0)
            TRY(save(ByteView(reader_.buffer_).first(held_)));
        reader_.chunker_.restart();
        if (version_.content.size() == 1)
            version_.digest = version_.content[0];
        else
            version_.digest = whole_ ? whole_->finish() : Sha256::of({});
        version_.facts = facts_.finish();
        return {};
    }

private:
    static constexpr std::size_t window_bytes = 64; // the chunker's

    // `count` more bytes stand in the buffer behind those held.
    Result<void> take(std::uint64_t count)
    {
        auto piece = ByteView(reader_.buffer_).subspan(held_, count);
        facts_.add(piece);
        if (whole_)
            whole_->update(piece);
        auto rest = ByteView(reader_.buffer_).first(held_ + count);
        for (std::size_t cut = 0; (cut = reader_.chunker_.next_cut(rest)) != 0; rest = rest.subspan(cut))
            TRY(save(rest.first(cut)));
        std::copy(rest.begin(), rest.end(), reader_.buffer_.begin());
        held_ = rest.size();
        return {};
    }

    Result<void> add_chunk_of_zeros()
    {
        facts_.add(reader_.zeros_);
        if (whole_)
            whole_->update(reader_.zeros_);
        if (!zeros_id_) {
            TRY(save(reader_.zeros_));
            zeros_id_ = version_.content.back();
            return {};
        }
        return add_id(*zeros_id_);
    }

    Result<void> save(ByteView chunk)
    {
        auto saved = TRY(reader_.repository_.save_blob(vault::BlobType::data, chunk));
        return add_id(saved.id);
    }

    Result<void> add_id(vault::BlobId const& id)
    {
        if (stop_.stop_requested())
            return Error(Errc::again, "the reading was stopped");
        if (version_.content.size() >= content_ids_at_most)
            return too_large("it is cut into too many chunks");
        version_.content.push_back(id);
        return {};
    }

    Reader& reader_;
    event::Version& version_;
    std::stop_token const& stop_;
    FactsBuilder facts_;
    std::optional<Sha256Stream> whole_; // only where the content may be more than one blob
    std::optional<vault::BlobId> zeros_id_;
    std::size_t held_ = 0; // bytes of the chunk begun, at the front of the buffer
};

Reader::Reader(vault::Repository& repository)
    : repository_(repository)
    , chunker_(repository.config().polynomial)
    , buffer_(vault::chunk_max_bytes)
    , zeros_(vault::chunk_min_bytes)
{
}

Result<event::Version> describe(int fd)
{
    event::Version version;
    version.metadata = TRY(event::read_metadata(fd));
    version.key.filesystem = TRY(sys::filesystem_id(fd));
    version.key.handle = TRY(sys::handle_of(fd));
    version.object = event::id_of(version.key);
    version.path = path_of(fd);
    if (version.kind() != event::ObjectKind::regular)
        version.digest = Sha256::of(as_bytes(version.metadata.link_target));
    version.time = wall_now();
    return version;
}

Result<event::Version> Reader::read(int fd, std::stop_token const& stop)
{
    auto version = TRY(describe(fd));
    if (version.kind() != event::ObjectKind::regular)
        return version;
    TRY(read_content(fd, version, stop));
    auto after = TRY(sys::stat_fd(fd));
    if (event::stamp_of(after) != event::stamp_of(version.metadata))
        return Error(Errc::again, "'" + version.path + "' changed while it was read");
    version.time = wall_now();
    return version;
}

Result<void> Reader::read_content(int fd, event::Version& version, std::stop_token const& stop)
{
    auto const& metadata = version.metadata;
    auto run = [&]() -> Result<void> {
        TRY(check_bounds(fd, metadata));
        Content content(*this, version, stop);
        bool sparse = may_have_holes(metadata);
        for (std::uint64_t at = 0; at < metadata.size;) {
            event::Extent data{at, metadata.size - at};
            if (sparse)
                data = TRY(next_data(fd, at, metadata.size));
            TRY(content.add_hole(data.offset - at));
            TRY(content.add_data(fd, data));
            at = data.offset + data.length;
            if (sparse && (data.length > 0 || version.extents.empty())
                && version.extents.size() <= extents_at_most)
                version.extents.push_back(data);
        }
        bool dense = version.extents.size() == 1 && version.extents[0].length == metadata.size;
        if (dense || version.extents.size() > extents_at_most)
            version.extents.clear();
        return content.finish();
    };
    return run().context("read '" + version.path + "'");
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
