// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/compression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <zstd.h>

namespace tocsin::vault {
namespace {

// 16 KiB of true noise shows 7.989 bits a byte; at 7.9 zstd could win one percent at best.
constexpr double noise_entropy = 7.9;
constexpr std::size_t sample_bytes = 4096;
constexpr std::size_t samples = 4;

using Histogram = std::array<std::uint32_t, 256>;

void count(ByteView bytes, Histogram& into)
{
    for (std::byte b : bytes)
        ++into[std::to_integer<std::size_t>(b)];
}

double entropy_of(Histogram const& histogram, std::size_t total)
{
    double sum = 0;
    for (auto n : histogram) {
        if (n != 0)
            sum += n * std::log2(n);
    }
    auto const size = static_cast<double>(total);
    return std::log2(size) - sum / size;
}

Error bad_frame(std::size_t code)
{
    return Error(Errc::corrupt, std::string("zstd: ") + ZSTD_getErrorName(code));
}

} // namespace

double entropy_of(ByteView bytes)
{
    if (bytes.empty())
        return 0;
    Histogram histogram{};
    count(bytes, histogram);
    return entropy_of(histogram, bytes.size());
}

bool looks_compressible(ByteView plain)
{
    if (plain.size() <= sample_bytes) // too few bytes to tell, and soon tried
        return true;
    if (plain.size() <= samples * sample_bytes)
        return entropy_of(plain) < noise_entropy;
    Histogram histogram{};
    auto const stride = (plain.size() - sample_bytes) / (samples - 1);
    for (std::size_t i = 0; i < samples; ++i)
        count(plain.subspan(i * stride, sample_bytes), histogram);
    return entropy_of(histogram, samples * sample_bytes) < noise_entropy;
}

struct Compression::Contexts {
    ZSTD_CCtx* compress = ZSTD_createCCtx();
    ZSTD_DCtx* decompress = ZSTD_createDCtx();
    Contexts() = default;
    Contexts(Contexts const&) = delete;
    Contexts& operator=(Contexts const&) = delete;
    ~Contexts()
    {
        ZSTD_freeCCtx(compress);
        ZSTD_freeDCtx(decompress);
    }
};

class Compression::Lease {
public:
    explicit Lease(Compression& pool) : pool_(pool)
    {
        std::lock_guard lock(pool_.mutex_);
        if (!pool_.idle_.empty()) {
            contexts_ = std::move(pool_.idle_.back());
            pool_.idle_.pop_back();
        }
        if (!contexts_)
            contexts_ = std::make_unique<Contexts>();
    }
    ~Lease()
    {
        std::lock_guard lock(pool_.mutex_);
        pool_.idle_.push_back(std::move(contexts_));
    }
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    Contexts& operator*() { return *contexts_; }

private:
    Compression& pool_;
    std::unique_ptr<Contexts> contexts_;
};

Compression::Compression(int level) : level_(level) { }
Compression::~Compression() = default;

std::size_t Compression::packed_bound(std::size_t plain_bytes)
{
    return ZSTD_compressBound(plain_bytes);
}

std::size_t Compression::compress_into(ByteView plain, std::span<std::byte> room)
{
    Lease lease(*this);
    auto const n =
        ZSTD_compressCCtx((*lease).compress, room.data(), room.size(), plain.data(), plain.size(), level_);
    if (ZSTD_isError(n))
        abort_on_error(bad_frame(n)); // only memory can fail it: the room is enough
    return n;
}

void Compression::compress(ByteView plain, Bytes& out)
{
    auto const begin = out.size();
    out.resize(begin + packed_bound(plain.size()));
    out.resize(begin + compress_into(plain, std::span(out).subspan(begin)));
}

Result<void> Compression::decompress_into(ByteView packed, std::span<std::byte> plain)
{
    Lease lease(*this);
    auto const n =
        ZSTD_decompressDCtx((*lease).decompress, plain.data(), plain.size(), packed.data(), packed.size());
    if (ZSTD_isError(n))
        return bad_frame(n);
    if (n != plain.size())
        return Error(Errc::corrupt, "zstd: the frame is shorter than announced");
    return {};
}

Result<Bytes> Compression::decompress(ByteView packed, std::size_t limit_bytes)
{
    Lease lease(*this);
    auto* const context = (*lease).decompress;
    (void)ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    Bytes out;
    std::size_t filled = 0;
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    for (;;) {
        if (filled == out.size()) {
            if (out.size() >= limit_bytes)
                return Error(Errc::corrupt, "zstd: more than the bound comes out");
            out.resize(
                std::min(limit_bytes, std::max<std::size_t>(packed.size() * 4, out.size() * 2) + 1024));
        }
        ZSTD_outBuffer to{out.data(), out.size(), filled};
        auto const n = ZSTD_decompressStream(context, &to, &in);
        if (ZSTD_isError(n))
            return bad_frame(n);
        bool const stalled = to.pos == filled && in.pos == in.size;
        filled = to.pos;
        if (n == 0 && in.pos == in.size)
            break;
        if (stalled)
            return Error(Errc::corrupt, "zstd: the frame is cut off");
    }
    out.resize(filled);
    return out;
}

} // namespace tocsin::vault
