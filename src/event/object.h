// SPDX-License-Identifier: Apache-2.0
// event/object.h -- which object something happened to, and what it is called at the moment.
//
// An object is one inode, known by its file system and file handle (with generation). A path
// is only its current name; a hard-linked object has several places.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include "tocsin/base/sys.h"

namespace tocsin::event {

// Numbers of one meaning that must not be mixed with those of another.
template <typename Tag, typename Value>
struct StrongId {
    Value value{};
    explicit operator bool() const { return value != Value{}; } // zero names nothing
    auto operator<=>(StrongId const&) const = default;
};

using ObjectId = StrongId<struct ObjectTag, std::uint64_t>; // see id_of()
using RootId = StrongId<struct RootTag, std::int64_t>; // a protected tree; counted from 1
using VersionId = StrongId<struct VersionTag, std::int64_t>; // journal row; counted from 1
using ActivityId = StrongId<struct ActivityTag, std::int64_t>; // journal row; counted from 1
using IncidentId = StrongId<struct IncidentTag, std::int64_t>; // what a person types; counted from 1

struct ObjectKey {
    std::uint64_t filesystem = 0; // as sys::filesystem_id()
    sys::FileHandle handle;
    auto operator<=>(ObjectKey const&) const = default;
};

// The first 64 bits of SHA-256 over file system, handle type and handle: any thread can name an
// object without asking another. At 10 million objects a clash has odds of 1 in 370,000.
ObjectId id_of(ObjectKey const& key);

// Never renumber: kept in journals.
enum class ObjectKind : std::uint8_t { regular = 1, directory = 2, symlink = 3, other = 4 };
ObjectKind kind_of_mode(std::uint32_t st_mode);

// One name of an object. The root of a protected tree has no parent and its path as name.
struct Place {
    ObjectId parent;
    std::string name;
    auto operator<=>(Place const&) const = default;
};

} // namespace tocsin::event

template <typename Tag, typename Value>
struct std::hash<tocsin::event::StrongId<Tag, Value>> {
    std::size_t operator()(tocsin::event::StrongId<Tag, Value> const& id) const noexcept
    {
        return std::hash<Value>{}(id.value);
    }
};
