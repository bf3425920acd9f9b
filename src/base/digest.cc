// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/digest.h"

#include <openssl/evp.h>

namespace tocsin {
namespace {

void require(int ok)
{
    if (ok != 1)
        abort_on_error(Error(Errc::failed, "OpenSSL refuses SHA-256"));
}

} // namespace

Result<Sha256> Sha256::from_hex(std::string_view text)
{
    if (text.size() != 64)
        return Error(Errc::invalid, "a SHA-256 has 64 hexadecimal digits");
    auto raw = TRY(tocsin::from_hex(text));
    Sha256 out;
    std::memcpy(out.bytes.data(), raw.data(), out.bytes.size());
    return out;
}

Sha256 Sha256::of(ByteView data)
{
    Sha256 out;
    unsigned size = 0;
    static EVP_MD const* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    require(EVP_Digest(
        data.data(), data.size(), reinterpret_cast<unsigned char*>(out.bytes.data()), &size, md, nullptr));
    return out;
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new())
{
    require(EVP_DigestInit_ex2(context_, EVP_sha256(), nullptr));
}

Sha256Stream::~Sha256Stream()
{
    EVP_MD_CTX_free(context_);
}

Sha256Stream::Sha256Stream(Sha256Stream&& other) noexcept : context_(std::exchange(other.context_, nullptr))
{
}

Sha256Stream& Sha256Stream::operator=(Sha256Stream&& other) noexcept
{
    std::swap(context_, other.context_);
    return *this;
}

void Sha256Stream::update(ByteView data)
{
    require(EVP_DigestUpdate(context_, data.data(), data.size()));
}

Sha256 Sha256Stream::finish()
{
    Sha256 out;
    unsigned size = 0;
    require(EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(out.bytes.data()), &size));
    require(EVP_DigestInit_ex2(context_, EVP_sha256(), nullptr));
    return out;
}

} // namespace tocsin
