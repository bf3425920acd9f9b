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
// What fits the buffer stays in it until the end, when it may turn out to be known.
class Reader::Content {
public:
    Content(Reader& reader, event::Version& version, std::stop_token const& stop)
        : reader_(reader)
        , version_(version)
        , stop_(stop)
        , fits_(version.metadata.size <= reader.buffer_.size())
    {
        reader_.chunker_.restart();
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
            if (held_ == 0 && !fits_ && length >= reader_.zeros_.size()) {
                TRY(add_chunk_of_zeros());
                length -= reader_.zeros_.size();
                continue;
            }
            // Up to where the window holds nothing but zeros: the chunk that was begun ends there.
            auto const begun = held_ - cut_;
            auto chunk_end = std::max(vault::chunk_min_bytes, begun + window_bytes);
            auto count = std::min(
                {length, std::uint64_t{chunk_end - begun}, std::uint64_t{reader_.buffer_.size() - held_}});
            std::ranges::fill(std::span(reader_.buffer_).subspan(held_, count), std::byte{0});
            length -= count;
            TRY(take(count));
        }
        return {};
    }

    Result<void> finish()
    {
        auto const held = ByteView(reader_.buffer_).first(held_);
        if (cut_ < held_)
            TRY(save(held.subspan(cut_)));
        reader_.chunker_.restart();
        if (fits_) {
            auto const known = reader_.facts_.look_at(version_.content, held);
            version_.digest = known.digest;
            version_.facts = known.facts;
            return {};
        }
        look_at(held);
        version_.digest = whole_.finish();
        version_.facts = facts_.finish();
        return {};
    }

private:
    static constexpr std::size_t window_bytes = 64; // the chunker's

    // `count` more bytes stand in the buffer behind those held.
    Result<void> take(std::uint64_t count)
    {
        held_ += count;
        auto const held = ByteView(reader_.buffer_).first(held_);
        for (std::size_t size = 0; (size = reader_.chunker_.next_cut(held.subspan(cut_))) != 0; cut_ += size)
            TRY(save(held.subspan(cut_, size)));
        if (fits_)
            return {};
        look_at(held.first(cut_));
        auto const rest = held.subspan(cut_);
        std::copy(rest.begin(), rest.end(), reader_.buffer_.begin());
        held_ = rest.size();
        cut_ = 0;
        return {};
    }

    Result<void> add_chunk_of_zeros()
    {
        look_at(reader_.zeros_);
        if (!zeros_id_) {
            TRY(save(reader_.zeros_));
            zeros_id_ = version_.content.back();
            return {};
        }
        return add_id(*zeros_id_);
    }

    void look_at(ByteView piece) // of what does not fit
    {
        facts_.add(piece);
        whole_.update(piece);
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
    bool const fits_;
    FactsBuilder facts_; // like `whole_`, of what does not fit, as far as it was cut off
    Sha256Stream whole_;
    std::optional<vault::BlobId> zeros_id_;
    std::size_t held_ = 0; // bytes in the buffer
    std::size_t cut_ = 0; // of these, bytes of chunks that are saved
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
