// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/sealed_files.h"

#include <algorithm>

namespace tocsin::vault {
namespace {

constexpr std::byte zstd_format{2};
constexpr std::size_t json_limit_bytes = 512 * 1024 * 1024;

Error broken()
{
    return Error(Errc::failed, "what was sealed reads back differently: broken memory or a bug");
}

std::string describe(FileKind kind, Sha256 const& id)
{
    return std::string(to_string(kind)) + " " + id.hex().substr(0, 8);
}

} // namespace

Result<Bytes> unpack_json(Compression& compression, Bytes opened)
{
    if (opened.empty() || opened[0] == std::byte{'{'} || opened[0] == std::byte{'['})
        return opened;
    if (opened[0] != zstd_format)
        return Error(Errc::unsupported, "the file is packed in a way we do not know");
    return compression.decompress(ByteView(opened).subspan(1), json_limit_bytes);
}

Result<Sha256> SealedFiles::put(FileKind kind, std::string_view json) const
{
    Bytes packed{zstd_format};
    compression_.compress(as_bytes(json), packed);
    auto const sealed = cipher_.seal(packed);

    auto opened = TRY(cipher_.open(sealed));
    auto const read_back = TRY(unpack_json(compression_, std::move(opened)));
    if (as_text(read_back) != json)
        return broken();
    auto const id = Sha256::of(sealed);
    TRY(store_.put(kind, id.hex(), sealed).context("write " + describe(kind, id)));
    return id;
}

Result<void> SealedFiles::put_config(std::string_view json) const
{
    auto const sealed = cipher_.seal(as_bytes(json));
    auto const read_back = TRY(cipher_.open(sealed));
    if (as_text(read_back) != json)
        return broken();
    return store_.put(FileKind::config, std::string(config_name), sealed).context("write config");
}

Result<Bytes> SealedFiles::get(FileKind kind, Sha256 const& id) const
{
    auto const doing = "read " + describe(kind, id);
    auto const sealed = TRY(store_.get(kind, id.hex()).context(doing));
    if (Sha256::of(sealed) != id)
        return Error(Errc::corrupt, doing + ": its bytes do not match its name");
    auto opened = TRY(cipher_.open(sealed).context(doing));
    return unpack_json(compression_, std::move(opened)).context(doing);
}

Result<Bytes> SealedFiles::get_config() const
{
    auto const sealed = TRY(store_.get(FileKind::config, std::string(config_name)).context("read config"));
    auto opened = TRY(cipher_.open(sealed).context("read config"));
    return unpack_json(compression_, std::move(opened)).context("read config");
}

} // namespace tocsin::vault
