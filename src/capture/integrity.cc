// SPDX-License-Identifier: Apache-2.0
#include "tocsin/capture/integrity.h"

#include <algorithm>
#include <array>
#include <zlib.h>

#include "tocsin/event/facts.h"

namespace tocsin::capture {
namespace {

constexpr std::size_t magic_bytes = 8;
constexpr std::uint64_t most_of_chunks = 8 * 1024 * 1024;

ByteView take(ByteView& piece, std::uint64_t most)
{
    auto const taken = piece.first(static_cast<std::size_t>(std::min<std::uint64_t>(most, piece.size())));
    piece = piece.subspan(taken.size());
    return taken;
}

std::uint32_t crc_of(std::uint32_t so_far, ByteView piece)
{
    return static_cast<std::uint32_t>(
        ::crc32(so_far, reinterpret_cast<Bytef const*>(piece.data()), static_cast<uInt>(piece.size())));
}

// A field of fixed size, put together from pieces.
class Field {
public:
    // Whether all of its bytes are there now.
    bool fill(ByteView& piece, std::size_t size)
    {
        auto const part = take(piece, size - filled_);
        std::ranges::copy(part, bytes_.begin() + static_cast<std::ptrdiff_t>(filled_));
        filled_ += part.size();
        return filled_ == size;
    }
    void clear() { filled_ = 0; }
    std::uint32_t little_endian(std::size_t at, std::size_t size) const
    {
        std::uint32_t out = 0;
        for (std::size_t i = size; i-- > 0;)
            out = out << 8 | std::to_integer<std::uint32_t>(bytes_[at + i]);
        return out;
    }
    std::uint32_t big_endian(std::size_t at) const { return __builtin_bswap32(little_endian(at, 4)); }
    ByteView part(std::size_t at, std::size_t size) const { return ByteView(bytes_).subspan(at, size); }

private:
    std::array<std::byte, 32> bytes_{};
    std::size_t filled_ = 0;
};

// One stream of zlib.
class Inflater {
public:
    enum class Format : int { gzip = 15 + 16, raw = -15 }; // the windowBits of inflateInit2()
    enum class Step : std::uint8_t { hungry, ended, broken, too_much };

    static std::unique_ptr<Inflater> create(Format format)
    {
        std::unique_ptr<Inflater> out(new Inflater(format));
        return ::inflateInit2(&out->stream_, static_cast<int>(format)) == Z_OK ? std::move(out) : nullptr;
    }
    ~Inflater() { ::inflateEnd(&stream_); }
    Inflater(Inflater const&) = delete;
    Inflater& operator=(Inflater const&) = delete;

    // Takes what belongs to the stream off `piece`. What comes of it is the same however the stream is cut.
    Step feed(ByteView& piece)
    {
        std::array<std::byte, 16 * 1024> unpacked;
        stream_.next_in =
            reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data())); // read only, by its contract
        stream_.avail_in = static_cast<uInt>(piece.size());
        for (;;) {
            auto const room = std::min<std::uint64_t>(unpacked.size(), event::most_unpacked_checked - made_);
            stream_.next_out = reinterpret_cast<Bytef*>(unpacked.data());
            stream_.avail_out = static_cast<uInt>(room);
            auto const said = ::inflate(&stream_, Z_NO_FLUSH);
            auto const made = room - stream_.avail_out;
            if (format_ == Format::raw) // gzip's own is compared by zlib
                crc_ = crc_of(crc_, std::span(unpacked).first(made));
            made_ += made;
            piece = piece.last(stream_.avail_in);
            if (made_ == event::most_unpacked_checked || said == Z_MEM_ERROR)
                return Step::too_much;
            if (said == Z_STREAM_END)
                return Step::ended;
            if (said != Z_OK && said != Z_BUF_ERROR)
                return Step::broken;
            if (stream_.avail_out != 0)
                return Step::hungry;
        }
    }
    void begin_anew()
    {
        ::inflateReset(&stream_);
        crc_ = 0;
    }
    std::uint32_t crc() const { return crc_; }

private:
    explicit Inflater(Format format) : format_(format) { }

    Format format_;
    z_stream stream_{};
    std::uint32_t crc_ = 0;
    std::uint64_t made_ = 0; // by all streams
};

} // namespace

class Integrity::Check {
public:
    explicit Check(std::uint64_t most) : left_(most) { }
    Check(Check const&) = delete;
    Check& operator=(Check const&) = delete;
    virtual ~Check() = default;

    void add(ByteView piece)
    {
        if (is_over_)
            return;
        auto part = take(piece, left_);
        left_ -= part.size();
        while (!part.empty() && !is_over_)
            look_at(part);
        if (!piece.empty() && !is_over_)
            stop(Soundness::untold);
    }
    Soundness soundness() const { return soundness_; }

protected:
    virtual void look_at(ByteView& piece) = 0; // takes at least one byte off `piece`, or stops
    void stop(Soundness soundness)
    {
        soundness_ = soundness;
        is_over_ = true;
    }
    void set(Soundness soundness) { soundness_ = soundness; } // so far
    // Where a stream cannot be followed to its end.
    void stop_at(Inflater::Step step)
    {
        if (step == Inflater::Step::broken || step == Inflater::Step::too_much)
            stop(step == Inflater::Step::broken ? Soundness::broken : Soundness::untold);
    }

private:
    std::uint64_t left_;
    Soundness soundness_ = Soundness::untold;
    bool is_over_ = false;
};

namespace {

// Members one after the other; zlib compares check sum and length of each. What is no member ends it.
class GzipCheck final : public Integrity::Check {
public:
    GzipCheck() : Check(event::most_packed_checked), inflater_(Inflater::create(Inflater::Format::gzip)) { }

private:
    void look_at(ByteView& piece) override
    {
        if (inflater_ == nullptr)
            return stop(Soundness::untold);
        if (is_between_) {
            if (piece[0] != std::byte{0x1f})
                return stop(Soundness::sound); // padding, or something of its own behind it
            inflater_->begin_anew();
            is_between_ = false;
        }
        set(Soundness::untold);
        auto const step = inflater_->feed(piece);
        if (step != Inflater::Step::ended)
            return stop_at(step);
        is_between_ = true;
        set(Soundness::sound);
    }

    std::unique_ptr<Inflater> inflater_;
    bool is_between_ = false;
};

// Chunks of length, type, data and check sum of both, the last one IEND.
class PngCheck final : public Integrity::Check {
public:
    PngCheck() : Check(most_of_chunks) { }

private:
    enum class At : std::uint8_t { signature, head, data, sum };
    static constexpr std::uint32_t end = 0x49454e44; // IEND
    static constexpr std::uint32_t most_length = 0x7fffffff;

    void look_at(ByteView& piece) override
    {
        switch (at_) {
        case At::signature:
            if (field_.fill(piece, magic_bytes))
                go_to(At::head);
            return;
        case At::head:
            if (!field_.fill(piece, 8))
                return;
            left_ = field_.big_endian(0);
            type_ = field_.big_endian(4);
            crc_ = crc_of(0, field_.part(4, 4));
            return left_ > most_length ? stop(Soundness::broken) : go_to(left_ == 0 ? At::sum : At::data);
        case At::data: {
            auto const part = take(piece, left_);
            crc_ = crc_of(crc_, part);
            left_ -= part.size();
            if (left_ == 0)
                go_to(At::sum);
            return;
        }
        case At::sum:
            if (!field_.fill(piece, 4))
                return;
            if (field_.big_endian(0) != crc_)
                return stop(Soundness::broken);
            return type_ == end ? stop(Soundness::sound) : go_to(At::head);
        }
    }
    void go_to(At at)
    {
        at_ = at;
        field_.clear();
    }

    At at_ = At::signature;
    Field field_;
    std::uint64_t left_ = 0;
    std::uint32_t type_ = 0;
    std::uint32_t crc_ = 0;
};

// Entries one after the other, then their directory. What is encrypted, larger than 4 GiB or packed in another
// way is passed over, if it says how long it is.
class ZipCheck final : public Integrity::Check {
public:
    ZipCheck() : Check(event::most_packed_checked), inflater_(Inflater::create(Inflater::Format::raw)) { }

private:
    enum class At : std::uint8_t {
        signature,
        head,
        names,
        stored,
        deflated,
        passed_over,
        sum_or_mark,
        sum,
        sizes
    };
    enum Flags : std::uint32_t { encrypted = 1, sizes_behind = 8 };
    static constexpr std::uint32_t entry = 0x04034b50, behind = 0x08074b50, directory = 0x02014b50;
    static constexpr std::uint32_t in_zip64 = 0xffffffff;

    void look_at(ByteView& piece) override
    {
        switch (at_) {
        case At::signature:
            return field_.fill(piece, 4) ? begin(field_.little_endian(0, 4)) : void();
        case At::head:
            return field_.fill(piece, 26) ? begin_entry() : void();
        case At::names:
            names_ -= take(piece, names_).size();
            return names_ == 0 ? begin_data() : void();
        case At::passed_over:
            left_ -= take(piece, left_).size();
            return left_ == 0 ? go_to(At::signature) : void();
        case At::stored: {
            auto const part = take(piece, left_);
            crc_ = crc_of(crc_, part);
            left_ -= part.size();
            return left_ == 0 ? compare(told_) : void();
        }
        case At::deflated:
            return inflate(piece);
        case At::sum_or_mark:
            if (!field_.fill(piece, 4))
                return;
            if (field_.little_endian(0, 4) == behind)
                return go_to(At::sum);
            if (is_next(field_.little_endian(0, 4))
                && told_ == crc_) // the head told it, and nothing is behind
                return begin(field_.little_endian(0, 4));
            told_ = field_.little_endian(0, 4);
            return go_to(At::sizes);
        case At::sum:
            if (!field_.fill(piece, 4))
                return;
            told_ = field_.little_endian(0, 4);
            return go_to(At::sizes);
        case At::sizes:
            return field_.fill(piece, 8) ? compare(told_) : void();
        }
    }

    static bool is_next(std::uint32_t signature) { return signature == entry || signature == directory; }
    // What is neither an entry nor the directory may be a signature of the whole, or the rest of longer sizes.
    void begin(std::uint32_t signature)
    {
        if (signature == entry)
            return go_to(At::head);
        stop(signature == directory ? Soundness::sound : Soundness::untold);
    }
    // APPNOTE 4.3.7, from behind the signature.
    void begin_entry()
    {
        flags_ = field_.little_endian(2, 2);
        method_ = field_.little_endian(4, 2);
        told_ = field_.little_endian(10, 4);
        left_ = field_.little_endian(14, 4);
        names_ = field_.little_endian(22, 2) + field_.little_endian(24, 2);
        crc_ = 0;
        if (left_ == in_zip64 || inflater_ == nullptr)
            return stop(Soundness::untold);
        names_ == 0 ? begin_data() : go_to(At::names);
    }
    void begin_data()
    {
        bool const is_readable = (flags_ & encrypted) == 0;
        if (is_readable && method_ == 8) {
            inflater_->begin_anew();
            return go_to(At::deflated);
        }
        if ((flags_ & sizes_behind) != 0)
            return stop(Soundness::untold); // it does not say where it ends
        bool const is_stored = is_readable && method_ == 0;
        if (left_ == 0)
            return is_stored ? compare(told_) : go_to(At::signature);
        go_to(is_stored ? At::stored : At::passed_over);
    }
    void inflate(ByteView& piece)
    {
        auto const step = inflater_->feed(piece);
        if (step != Inflater::Step::ended)
            return stop_at(step);
        crc_ = inflater_->crc();
        (flags_ & sizes_behind) != 0 ? go_to(At::sum_or_mark) : compare(told_);
    }
    void compare(std::uint32_t told) { told == crc_ ? go_to(At::signature) : stop(Soundness::broken); }
    void go_to(At at)
    {
        at_ = at;
        field_.clear();
    }

    At at_ = At::signature;
    Field field_;
    std::unique_ptr<Inflater> inflater_;
    std::uint32_t flags_ = 0, method_ = 0;
    std::uint32_t told_ = 0, crc_ = 0;
    std::uint64_t left_ = 0, names_ = 0;
};

std::unique_ptr<Integrity::Check> check_for(ByteView magic)
{
    auto const text = as_text(magic);
    if (text.starts_with("\x1f\x8b\x08"))
        return std::make_unique<GzipCheck>();
    if (text.starts_with("\x89PNG\r\n\x1a\n"))
        return std::make_unique<PngCheck>();
    if (text.starts_with("PK\x03\x04"))
        return std::make_unique<ZipCheck>();
    return nullptr;
}

} // namespace

Integrity::Integrity() = default;
Integrity::~Integrity() = default;
Integrity::Integrity(Integrity&&) noexcept = default;
Integrity& Integrity::operator=(Integrity&&) noexcept = default;

void Integrity::add(ByteView piece)
{
    if (!is_settled_) {
        auto const part = take(piece, magic_bytes - magic_.size());
        magic_.insert(magic_.end(), part.begin(), part.end());
        if (magic_.size() < magic_bytes)
            return;
        is_settled_ = true;
        check_ = check_for(magic_);
        if (check_)
            check_->add(magic_);
    }
    if (check_)
        check_->add(piece);
}

Soundness Integrity::soundness() const
{
    return check_ ? check_->soundness() : Soundness::untold;
}

} // namespace tocsin::capture
