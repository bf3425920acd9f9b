// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/key_file.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "tocsin/base/random.h"
#include "tocsin/base/user.h"
#include "tocsin/vault/base64.h"
#include "tocsin/vault/go_text.h"
#include "tocsin/vault/json_fields.h"

namespace tocsin::vault {
namespace {

constexpr std::size_t salt_bytes = 64;
constexpr std::uint64_t memory_limit = 1ULL << 30;
constexpr std::uint64_t work_limit = 1ULL << 26; // n * r * p

Result<void> check_cost(ScryptCost cost)
{
    bool const good = cost.n >= 2 && std::has_single_bit(cost.n) && cost.n <= memory_limit && cost.r >= 1
        && cost.r <= 1024 && cost.p >= 1 && cost.p <= 1024 && 128 * cost.n * cost.r <= memory_limit
        && cost.n * cost.r * cost.p <= work_limit;
    if (!good)
        return Error(Errc::corrupt,
            fmt::format("scrypt parameters N={} r={} p={} are out of bounds", cost.n, cost.r, cost.p));
    return {};
}

template <std::size_t N>
Result<void> fill(std::array<std::byte, N>& into, std::string_view base64)
{
    auto const bytes = TRY(from_base64(base64));
    if (bytes.size() != N)
        return Error(Errc::corrupt, "a key has the wrong length");
    std::ranges::copy(bytes, into.begin());
    return {};
}

std::string encode_master(KeyMaterial const& key)
{
    return fmt::format(R"({{"mac":{{"k":"{}","r":"{}"}},"encrypt":"{}"}})", to_base64(key.mac_k),
        to_base64(key.mac_r), to_base64(key.encrypt));
}

Result<KeyMaterial> decode_master(ByteView bytes)
{
    auto const value = TRY(parse_json(as_text(bytes)));
    auto const* object = TRY(object_of(value, "master key"));
    auto const* mac = object->if_contains("mac");
    if (mac == nullptr)
        return Error(Errc::corrupt, "the master key has no part 'mac'");
    auto const* mac_object = TRY(object_of(*mac, "mac"));
    KeyMaterial out;
    auto const k = TRY(text_field(*mac_object, "k"));
    TRY(fill(out.mac_k, k));
    auto const r = TRY(text_field(*mac_object, "r"));
    TRY(fill(out.mac_r, r));
    auto const encrypt = TRY(text_field(*object, "encrypt"));
    TRY(fill(out.encrypt, encrypt));
    if (!out.valid())
        return Error(Errc::corrupt, "a part of the master key is all zeros");
    return out;
}

} // namespace

ScryptCost ScryptCost::calibrated(std::chrono::milliseconds target)
{
    ScryptCost cost;
    auto const begin = steady_now();
    Bytes const salt(salt_bytes);
    if (!derive_key("calibration", salt, cost).ok())
        return cost;
    auto const once = std::max<std::chrono::nanoseconds>(steady_now() - begin, std::chrono::microseconds(1));
    cost.p = static_cast<std::uint32_t>(std::clamp<std::int64_t>(target / once, 1, 64));
    return cost;
}

Result<KeyMaterial> derive_key(std::string_view password, ByteView salt, ScryptCost cost)
{
    TRY(check_cost(cost));
    std::array<std::byte, 64> derived;
    int const ok = EVP_PBE_scrypt(password.data(), password.size(),
        reinterpret_cast<unsigned char const*>(salt.data()), salt.size(), cost.n, cost.r, cost.p,
        memory_limit + (64ULL << 20), reinterpret_cast<unsigned char*>(derived.data()), derived.size());
    if (ok != 1)
        return Error(Errc::failed, "OpenSSL refuses scrypt");
    KeyMaterial out;
    std::ranges::copy(std::span(derived).first<32>(), out.encrypt.begin());
    std::ranges::copy(std::span(derived).subspan<32, 16>(), out.mac_k.begin());
    std::ranges::copy(std::span(derived).last<16>(), out.mac_r.begin());
    OPENSSL_cleanse(derived.data(), derived.size());
    return out;
}

std::string encode_key_file(KeyFile const& file)
{
    std::string out = R"({"created":")";
    append_time(out, file.created);
    out += R"(","username":)";
    append_json_string(out, file.username);
    out += R"(,"hostname":)";
    append_json_string(out, file.hostname);
    out += fmt::format(R"(,"kdf":"scrypt","N":{},"r":{},"p":{},"salt":"{}","data":"{}"}})", file.cost.n,
        file.cost.r, file.cost.p, to_base64(file.salt), to_base64(file.data));
    return out;
}

Result<KeyFile> decode_key_file(ByteView bytes)
{
    if (bytes.size() > 64 * 1024)
        return Error(Errc::corrupt, "a key file is longer than 64 KiB");
    auto const value = TRY(parse_json(as_text(bytes)));
    auto const* object = TRY(object_of(value, "key file"));
    KeyFile out;
    auto const created = TRY(text_field(*object, "created"));
    out.created = TRY(parse_go_time(created));
    out.username = TRY(text_field_or(*object, "username", ""));
    out.hostname = TRY(text_field_or(*object, "hostname", ""));
    auto const kdf = TRY(text_field(*object, "kdf"));
    if (kdf != "scrypt")
        return Error(Errc::unsupported, "the key file wants another derivation than scrypt");
    out.cost.n = TRY(number_field(*object, "N"));
    auto const r = TRY(number_field(*object, "r"));
    auto const p = TRY(number_field(*object, "p"));
    if (r > 1024 || p > 1024)
        return Error(Errc::corrupt, "scrypt parameters are out of bounds");
    out.cost.r = static_cast<std::uint32_t>(r);
    out.cost.p = static_cast<std::uint32_t>(p);
    TRY(check_cost(out.cost));
    auto const salt = TRY(text_field(*object, "salt"));
    out.salt = TRY(from_base64(salt));
    auto const data = TRY(text_field(*object, "data"));
    out.data = TRY(from_base64(data));
    return out;
}

Result<KeyFile> wrap_master_key(KeyMaterial const& master, std::string_view password, ScryptCost cost)
{
    KeyFile out;
    out.created = wall_now();
    out.username = find_user_name(::getuid()).value_or("");
    out.hostname = host_name();
    out.cost = cost;
    out.salt.resize(salt_bytes);
    fill_random(out.salt);
    auto const user_key = TRY(derive_key(password, out.salt, cost));
    auto const text = encode_master(master);
    out.data = Cipher(user_key).seal(as_bytes(text));
    return out;
}

Result<KeyMaterial> unwrap_master_key(KeyFile const& file, std::string_view password)
{
    auto const user_key = TRY(derive_key(password, file.salt, file.cost));
    auto opened = Cipher(user_key).open(file.data);
    if (!opened.ok())
        return Error(Errc::denied, "the password does not open this key");
    auto const text = TRY(std::move(opened));
    return decode_master(text);
}

Result<Config> Config::random()
{
    Config out;
    out.id = random_hex(32);
    out.polynomial = TRY(Polynomial::random());
    return out;
}

std::string encode_config(Config const& config)
{
    return fmt::format(R"({{"version":{},"id":"{}","chunker_polynomial":"{}"}})", config.version, config.id,
        config.polynomial.hex());
}

Result<Config> decode_config(ByteView bytes)
{
    auto const value = TRY(parse_json(as_text(bytes)));
    auto const* object = TRY(object_of(value, "config"));
    Config out;
    out.version = TRY(number_field(*object, "version"));
    if (out.version != 2)
        return Error(
            Errc::unsupported, fmt::format("the repository has format version {}, not 2", out.version));
    auto const id = TRY(text_field(*object, "id"));
    out.id = id;
    auto const polynomial = TRY(text_field(*object, "chunker_polynomial"));
    out.polynomial = TRY(Polynomial::from_hex(polynomial));
    return out;
}

} // namespace tocsin::vault
