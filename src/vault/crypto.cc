// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/crypto.h"

#include <algorithm>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tocsin/base/random.h"

namespace tocsin::vault {
namespace {

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeContext>;

unsigned char* raw(std::byte* bytes)
{
    return reinterpret_cast<unsigned char*>(bytes);
}
unsigned char const* raw(std::byte const* bytes)
{
    return reinterpret_cast<unsigned char const*>(bytes);
}

// What can fail here is a broken or crippled OpenSSL, never the input.
void require(bool ok, char const* what)
{
    if (!ok)
        abort_on_error(Error(Errc::failed, std::string("OpenSSL refuses ") + what));
}

template <std::size_t N>
bool all_zero(std::array<std::byte, N> const& bytes)
{
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

} // namespace

KeyMaterial::~KeyMaterial()
{
    OPENSSL_cleanse(encrypt.data(), encrypt.size());
    OPENSSL_cleanse(mac_k.data(), mac_k.size());
    OPENSSL_cleanse(mac_r.data(), mac_r.size());
}

KeyMaterial KeyMaterial::random()
{
    KeyMaterial out;
    fill_random(out.encrypt);
    fill_random(out.mac_k);
    fill_random(out.mac_r);
    return out;
}

bool KeyMaterial::valid() const
{
    return !all_zero(encrypt) && !all_zero(mac_k) && !all_zero(mac_r);
}

// Looked up once: OpenSSL 3 takes microseconds for it, which small blobs would feel.
struct Cipher::Algorithms {
    Owned<EVP_CIPHER> ctr{EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr)};
    Owned<EVP_CIPHER> block{EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr)};
    Owned<EVP_MAC> poly1305{EVP_MAC_fetch(nullptr, "POLY1305", nullptr)};
};

Cipher::Cipher(KeyMaterial const& key) : key_(key), algorithms_(std::make_unique<Algorithms>())
{
    require(algorithms_->ctr && algorithms_->block && algorithms_->poly1305, "AES or Poly1305");
}
Cipher::~Cipher() = default;
Cipher::Cipher(Cipher&&) noexcept = default;
Cipher& Cipher::operator=(Cipher&&) noexcept = default;

// AES-256-CTR over one message, in pieces.
class Cipher::Keystream {
public:
    Keystream(Cipher const& cipher, ByteView iv) : context_(EVP_CIPHER_CTX_new())
    {
        require(EVP_EncryptInit_ex2(context_.get(), cipher.algorithms_->ctr.get(),
                    raw(cipher.key_.encrypt.data()), raw(iv.data()), nullptr)
                == 1,
            "AES-256-CTR");
    }
    void apply(ByteView in, std::byte* out)
    {
        constexpr std::size_t step = 1 << 30; // OpenSSL counts in int
        for (std::size_t at = 0; at < in.size(); at += step) {
            auto const piece = in.subspan(at, std::min(step, in.size() - at));
            int written = 0;
            require(EVP_EncryptUpdate(context_.get(), raw(out + at), &written, raw(piece.data()),
                        static_cast<int>(piece.size()))
                    == 1,
                "AES-256-CTR");
        }
    }

private:
    Owned<EVP_CIPHER_CTX> context_;
};

std::array<std::byte, mac_bytes> Cipher::mac(ByteView iv, ByteView ciphertext) const
{
    std::array<std::byte, 32> one_time;
    std::ranges::copy(key_.mac_r, one_time.begin());
    Owned<EVP_CIPHER_CTX> block(EVP_CIPHER_CTX_new());
    int written = 0;
    require(
        EVP_EncryptInit_ex2(block.get(), algorithms_->block.get(), raw(key_.mac_k.data()), nullptr, nullptr)
                == 1
            && EVP_CIPHER_CTX_set_padding(block.get(), 0) == 1
            && EVP_EncryptUpdate(block.get(), raw(one_time.data() + 16), &written, raw(iv.data()), 16) == 1,
        "AES-128");

    std::array<std::byte, mac_bytes> out;
    std::size_t size = 0;
    Owned<EVP_MAC_CTX> context(EVP_MAC_CTX_new(algorithms_->poly1305.get()));
    require(EVP_MAC_init(context.get(), raw(one_time.data()), one_time.size(), nullptr) == 1
            && EVP_MAC_update(context.get(), raw(ciphertext.data()), ciphertext.size()) == 1
            && EVP_MAC_final(context.get(), raw(out.data()), &size, out.size()) == 1,
        "Poly1305");
    OPENSSL_cleanse(one_time.data(), one_time.size());
    return out;
}

void Cipher::seal_into(ByteView plain, std::span<std::byte> sealed) const
{
    auto const iv = sealed.first(iv_bytes);
    auto const text = sealed.subspan(iv_bytes, plain.size());
    fill_random(iv);
    Keystream(*this, iv).apply(plain, text.data());
    std::ranges::copy(mac(iv, text), sealed.last(mac_bytes).begin());
}

Bytes Cipher::seal(ByteView plain) const
{
    Bytes out(plain.size() + seal_overhead);
    seal_into(plain, out);
    return out;
}

Result<Bytes> Cipher::open(ByteView sealed) const
{
    if (sealed.size() < seal_overhead)
        return Error(Errc::corrupt, "too short for anything sealed");
    Bytes plain(sealed.size() - seal_overhead);
    TRY(open_into(sealed, plain));
    return plain;
}

Result<void> Cipher::open_into(ByteView sealed, std::span<std::byte> plain) const
{
    auto const iv = sealed.first(iv_bytes);
    auto const text = sealed.subspan(iv_bytes, sealed.size() - seal_overhead);
    auto const tag = mac(iv, text);
    if (CRYPTO_memcmp(tag.data(), sealed.last(mac_bytes).data(), mac_bytes) != 0)
        return Error(Errc::corrupt, "the bytes do not match their authentication code");
    Keystream(*this, iv).apply(text, plain.data());
    return {};
}

bool Cipher::opens_to(ByteView sealed, ByteView plain) const
{
    if (sealed.size() != plain.size() + seal_overhead)
        return false;
    auto const iv = sealed.first(iv_bytes);
    auto const text = sealed.subspan(iv_bytes, plain.size());
    auto const tag = mac(iv, text);
    if (CRYPTO_memcmp(tag.data(), sealed.last(mac_bytes).data(), mac_bytes) != 0)
        return false;
    Keystream stream(*this, iv);
    std::array<std::byte, 16 * 1024> piece;
    for (std::size_t at = 0; at < plain.size(); at += piece.size()) {
        auto const length = std::min(piece.size(), plain.size() - at);
        stream.apply(text.subspan(at, length), piece.data());
        if (std::memcmp(piece.data(), plain.data() + at, length) != 0)
            return false;
    }
    return true;
}

} // namespace tocsin::vault
