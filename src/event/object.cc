// SPDX-License-Identifier: Apache-2.0
#include "tocsin/event/object.h"

#include "tocsin/base/digest.h"

namespace tocsin::event {

ObjectId id_of(ObjectKey const& key)
{
    ByteWriter writer;
    writer.fixed(key.filesystem);
    writer.fixed(static_cast<std::uint32_t>(key.handle.type));
    writer.raw(key.handle.bytes);
    auto digest = Sha256::of(writer.bytes());
    ObjectId out;
    std::memcpy(&out.value, digest.bytes.data(), sizeof(out.value));
    if (!out)
        out.value = 1; // zero names nothing
    return out;
}

ObjectKind kind_of_mode(std::uint32_t st_mode)
{
    switch (st_mode & S_IFMT) {
    case S_IFREG:
        return ObjectKind::regular;
    case S_IFDIR:
        return ObjectKind::directory;
    case S_IFLNK:
        return ObjectKind::symlink;
    default:
        return ObjectKind::other;
    }
}

} // namespace tocsin::event
