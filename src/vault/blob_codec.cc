// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/blob_codec.h"

namespace tocsin::vault {
namespace {

constexpr std::size_t kept_bytes = 2 << 20; // the average chunk fits

// Only ever grows, so that nothing is zeroed twice.
std::span<std::byte> room(Bytes& buffer, std::size_t bytes)
{
    if (buffer.size() < bytes)
        buffer.resize(bytes);
    return std::span(buffer).first(bytes);
}

} // namespace

void BlobCodec::GiveBack::operator()(Buffers* buffers) const
{
    std::unique_ptr<Buffers> owned(buffers);
    for (auto* buffer : {&owned->packed, &owned->sealed, &owned->plain}) {
        if (buffer->size() > kept_bytes)
            Bytes().swap(*buffer);
    }
    std::lock_guard lock(codec->mutex_);
    codec->idle_.push_back(std::move(owned));
}

BlobCodec::Lease BlobCodec::take_buffers() const
{
    std::lock_guard lock(mutex_);
    if (idle_.empty())
        return Lease(new Buffers(), GiveBack{this});
    Lease out(idle_.back().release(), GiveBack{this});
    idle_.pop_back();
    return out;
}

// The compressed form, or `plain` where that is not shorter. Trees are always compressed, as
// restic expects of them; nothing of no length is.
ByteView BlobCodec::pack(BlobType type, ByteView plain, Buffers& buffers) const
{
    if (plain.empty() || (type != BlobType::tree && !looks_compressible(plain)))
        return plain;
    auto const into = room(buffers.packed, Compression::packed_bound(plain.size()));
    auto const size = compression_.compress_into(plain, into);
    return size < plain.size() || type == BlobType::tree ? into.first(size) : plain;
}

bool BlobCodec::unpacks_to(ByteView packed, ByteView plain, Buffers& buffers) const
{
    if (packed.data() == plain.data())
        return true;
    auto const into = room(buffers.plain, plain.size());
    return compression_.decompress_into(packed, into).ok() && as_text(into) == as_text(plain);
}

Result<BlobCodec::Stored> BlobCodec::encode(BlobType type, ByteView plain) const
{
    Stored out(take_buffers());
    auto& buffers = *out.buffers_;
    auto const packed = pack(type, plain, buffers);
    auto const sealed = room(buffers.sealed, packed.size() + seal_overhead);
    cipher_.seal_into(packed, sealed);
    if (!unpacks_to(packed, plain, buffers) || !cipher_.opens_to(sealed, packed))
        return Error(Errc::failed, "a blob reads back differently: broken memory or a bug");
    out.size_ = sealed.size();
    out.plain_length_ = packed.data() == plain.data() ? 0 : static_cast<std::uint32_t>(plain.size());
    return out;
}

Result<Bytes> BlobCodec::decode(ByteView stored, std::uint32_t plain_length, BlobId const& id) const
{
    auto plain = TRY(cipher_.open(stored));
    if (plain_length > blob_max_bytes)
        return Error(Errc::corrupt, "a blob is longer than its bound");
    if (plain_length != 0) {
        Bytes unpacked(plain_length);
        TRY(compression_.decompress_into(plain, unpacked));
        plain = std::move(unpacked);
    }
    if (BlobId::of(plain) != id)
        return Error(Errc::corrupt, "the content does not match its hash");
    return plain;
}

} // namespace tocsin::vault
