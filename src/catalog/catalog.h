// SPDX-License-Identifier: Apache-2.0
// catalog/catalog.h -- what the guard knows about each protected object at the moment.
//
// Built from the walk, from activities and from captured versions; asked by the verdict and by
// whoever needs a path, a fact or a count at once. Nothing here is durable: the journal is.
//
// Owns all entries and links. Pointers to them stay good until the next apply().
// Threads: one owner; no locks.
// Bounds: about 390 bytes an object with a name of at most 15 bytes (README); of objects
// without a name (gone, or not named yet) the newest 16,384 are kept.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tocsin/catalog/directory.h"
#include "tocsin/event/activity.h"

namespace tocsin::catalog {

struct Counts {
    std::uint64_t objects = 0; // regular files, directories, symlinks and others
    std::uint64_t directories = 0;
    std::uint64_t bytes = 0; // of regular files, each object once
};

class Catalog {
public:
    Catalog();
    ~Catalog();
    Catalog(Catalog const&) = delete;
    Catalog& operator=(Catalog const&) = delete;

    // A further `seen` of a known place moves it to the end of its directory's walk order: the
    // guard may list a directory again to learn the order in which readdir gives it.
    // A rename onto an occupied place that displaces nothing is half of an exchange.
    void apply(event::Activity const& activity, MakerId maker);
    void apply(event::Version const& version);
    void learn_kind(event::ObjectId object, event::ObjectKind kind); // of what was named as another

    // Also an object that is gone or has no name yet, while it is remembered.
    Entry const* find(event::ObjectId object) const;
    Link const* link_at(event::Place const& place) const;
    event::ObjectId child(event::ObjectId directory, std::string_view name) const; // zero: none

    // Empty where it is not known.
    std::string path_of(event::ObjectId object) const; // by its first name
    std::string path_of(event::Place const& place) const;
    std::vector<event::Place> places_of(event::ObjectId object) const;

    // In the order of the walk. Stops when `visit` returns false.
    void for_each_child(event::ObjectId directory, std::function<bool(Link const&)> const& visit) const;

    // Regular files at and below `directory`; stops counting at `limit`.
    std::uint64_t files_below(event::ObjectId directory, std::uint64_t limit) const;

    Counts counts(event::RootId root) const;
    std::size_t size() const { return entries_.size(); }

private:
    Entry& ensure(event::ObjectId object);
    Directory& directory_of(Entry& entry);
    Link* find_link(event::Place const& place) const;
    void add_name(Entry& entry, event::Place const& place);
    void remove_name(Link& link);
    void drop_subtree(Entry& entry);
    void remove(event::Activity const& activity); // a name, and what has no other
    void put_in_place(event::Activity const& activity, MakerId maker); // seen, created, linked or renamed
    void rename(event::Activity const& activity, Entry& entry);
    enum class Gone { yes, no };
    void count(Entry const& entry, Gone gone);
    void take(Entry& entry, event::Metadata const& metadata);
    void take_size(Entry& entry, std::uint64_t size);
    void forget_oldest_nameless();
    void forget(Entry& entry);

    std::pmr::unsynchronized_pool_resource pool_;
    std::pmr::unordered_map<event::ObjectId, Entry> entries_;
    std::unordered_map<event::RootId, Counts> counts_;
    std::unordered_map<event::RootId, Link*> roots_;
    std::deque<event::ObjectId> nameless_; // oldest first; may name some that have a name again
};

} // namespace tocsin::catalog
