// SPDX-License-Identifier: Apache-2.0
// event/version.h -- the content and metadata of an object as a moment left them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/base/clock.h"
#include "tocsin/base/digest.h"
#include "tocsin/event/facts.h"
#include "tocsin/event/metadata.h"
#include "tocsin/event/object.h"
#include "tocsin/event/process.h"

namespace tocsin::event {

// Why this version was taken, and so how whole it is. Never renumber: kept in journals.
enum class Occasion : std::uint8_t {
    walk = 1, // the first walk found it
    close = 2, // a close left it so
    open = 3, // an open asked for it and nobody had it; a writer may be at work
    interval = 4, // a writer has it open
    metadata = 5, // rights, names of attributes, owner or times changed; the content did not
    absence = 6, // changed while the guard was away; found at its restart
    undo = 7, // undo put it there
};
std::string_view name_of(Occasion occasion);

// A range of bytes that is data; between extents there are holes.
struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool operator==(Extent const&) const = default;
};

struct Version {
    VersionId id; // set by the journal
    ObjectId object;
    ObjectKey key;
    RootId root;
    WallTime time; // when it was read
    Occasion occasion = Occasion::walk;
    ProcessKey writer; // who made it so; unknown for walk and absence
    std::string path; // where the object was then; absolute
    Metadata metadata;
    std::vector<Sha256> content; // blob ids in order; empty for what is no regular file
    Sha256 digest; // of the whole content (of a symlink: its target)
    std::vector<Extent> extents; // only of a file with holes, else empty
    ContentFacts facts;

    ObjectKind kind() const { return kind_of_mode(metadata.mode); }
    bool operator==(Version const&) const = default;
};

} // namespace tocsin::event
