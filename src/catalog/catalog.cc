// SPDX-License-Identifier: Apache-2.0
#include "tocsin/catalog/catalog.h"

#include <algorithm>

namespace tocsin::catalog {
namespace {

constexpr std::size_t most_nameless = 16'384;
constexpr int deepest_path = 4'096; // PATH_MAX; also ends a cycle that broken input could make

static_assert(sizeof(Entry) <= 240);
static_assert(sizeof(Link) <= 128);

} // namespace

std::uint64_t hash_of(sys::Xattrs const& xattrs)
{
    std::uint64_t hash = 0xcbf29ce484222325ULL; // FNV-1a
    auto mix = [&](ByteView bytes) {
        for (auto b : bytes)
            hash = (hash ^ std::to_integer<std::uint8_t>(b)) * 0x100000001b3ULL;
        hash = (hash ^ 0xff) * 0x100000001b3ULL;
    };
    for (auto const& [name, value] : xattrs) {
        mix(as_bytes(name));
        mix(value);
    }
    return hash;
}

Catalog::Catalog() : entries_(&pool_) { }

Catalog::~Catalog()
{
    for (auto& [id, entry] : entries_)
        forget(entry);
}

Entry& Catalog::ensure(event::ObjectId object)
{
    auto [at, is_new] = entries_.try_emplace(object);
    if (is_new) {
        at->second.id = object;
        nameless_.push_back(object);
    }
    return at->second;
}

Directory& Catalog::directory_of(Entry& entry)
{
    if (entry.directory == nullptr)
        entry.directory = std::pmr::polymorphic_allocator<>(&pool_).new_object<Directory>();
    return *entry.directory;
}

Link* Catalog::find_link(event::Place const& place) const
{
    if (!place.parent) {
        for (auto const& [root, link] : roots_)
            if (link->name == place.name)
                return link;
        return nullptr;
    }
    auto at = entries_.find(place.parent);
    if (at == entries_.end() || at->second.directory == nullptr)
        return nullptr;
    return at->second.directory->find(place.name);
}

void Catalog::add_name(Entry& entry, event::Place const& place)
{
    bool const first = !entry.is_here();
    entry.is_gone = false;
    Entry* parent = place.parent ? &ensure(place.parent) : nullptr;
    auto* link = std::pmr::polymorphic_allocator<>(&pool_).new_object<Link>();
    link->object = &entry;
    link->parent = parent;
    link->name = place.name;
    link->next_name = std::exchange(entry.names, link);
    if (parent != nullptr)
        directory_of(*parent).add(*link);
    else
        roots_[entry.root] = link;
    if (!first)
        return;
    count(entry, Gone::no);
}

void Catalog::count(Entry const& entry, Gone gone)
{
    auto& counts = counts_[entry.root];
    auto const one = gone == Gone::yes ? ~std::uint64_t{0} : 1; // modulo 2^64
    counts.objects += one;
    if (entry.kind == event::ObjectKind::directory)
        counts.directories += one;
    if (entry.kind == event::ObjectKind::regular)
        counts.bytes += one * entry.size;
}

void Catalog::remove_name(Link& link)
{
    auto& entry = *link.object;
    if (link.parent != nullptr)
        link.parent->directory->remove(link);
    else
        roots_.erase(entry.root);
    Link** at = &entry.names;
    while (*at != &link)
        at = &(*at)->next_name;
    *at = link.next_name;
    std::pmr::polymorphic_allocator<>(&pool_).delete_object(&link);
    if (entry.is_here())
        return;
    entry.is_gone = true;
    count(entry, Gone::yes);
    nameless_.push_back(entry.id);
}

void Catalog::drop_subtree(Entry& top)
{
    std::vector<Entry*> open{&top};
    while (!open.empty()) {
        auto* entry = open.back();
        open.pop_back();
        while (entry->directory != nullptr && !entry->directory->by_walk.empty()) {
            auto& link = entry->directory->by_walk.front();
            auto* object = link.object;
            remove_name(link);
            if (!object->is_here())
                open.push_back(object);
        }
    }
}

void Catalog::forget_oldest_nameless()
{
    // Twice the bound, because the queue also holds ids that have a name again.
    while (nameless_.size() > 2 * most_nameless) {
        auto at = entries_.find(nameless_.front());
        nameless_.pop_front();
        if (at == entries_.end() || at->second.is_here())
            continue;
        if (at->second.directory != nullptr && !at->second.directory->by_walk.empty())
            continue; // a directory whose own name is still to come
        forget(at->second);
        entries_.erase(at);
    }
}

// Frees what hangs from the entry; not the entry.
void Catalog::forget(Entry& entry)
{
    std::pmr::polymorphic_allocator<> allocator(&pool_);
    for (auto* link = entry.names; link != nullptr;)
        allocator.delete_object(std::exchange(link, link->next_name));
    entry.names = nullptr;
    if (entry.directory != nullptr)
        allocator.delete_object(std::exchange(entry.directory, nullptr));
}

void Catalog::take_size(Entry& entry, std::uint64_t size)
{
    if (entry.is_here() && entry.kind == event::ObjectKind::regular)
        counts_[entry.root].bytes += size - entry.size;
    entry.size = size;
}

// The size goes with the digest: a file whose mode is set while it is being written keeps that of the
// version which is known.
void Catalog::take(Entry& entry, event::Metadata const& metadata)
{
    if (!entry.has_version)
        take_size(entry, metadata.size);
    entry.mtime_ns = metadata.mtime_ns;
    if (metadata.inode != entry.inode) {
        for (auto* link = entry.names; link != nullptr; link = link->next_name)
            if (link->parent != nullptr) {
                auto& order = link->parent->directory->by_inode;
                order.erase(order.iterator_to(*link));
            }
        entry.inode = metadata.inode;
        for (auto* link = entry.names; link != nullptr; link = link->next_name)
            if (link->parent != nullptr)
                link->parent->directory->by_inode.insert(*link);
    }
    entry.xattr_hash = hash_of(metadata.xattrs);
    entry.xattr_count = static_cast<std::uint8_t>(std::min<std::size_t>(metadata.xattrs.size(), 0xff));
    entry.mode = metadata.mode;
    entry.uid = metadata.uid;
    entry.gid = metadata.gid;
    entry.inode_flags = metadata.inode_flags;
    entry.links = metadata.links;
    entry.has_metadata = true;
}

void Catalog::rename(event::Activity const& activity, Entry& entry)
{
    // Who renames before deleting still goes in the order in which the directory was listed.
    Directory::Spot spot;
    bool const stays = activity.target.parent && activity.target.parent == activity.place.parent;
    if (auto* from = find_link(activity.place); from != nullptr && from->object == &entry) {
        if (stays)
            spot = from->parent->directory->spot_of(*from);
        remove_name(*from);
    }
    if (auto* occupied = find_link(activity.target); occupied != nullptr && occupied->object != &entry) {
        auto* displaced = occupied->object;
        if (spot.next == occupied)
            spot.next = occupied->parent->directory->spot_of(*occupied).next;
        remove_name(*occupied);
        if (displaced->id == activity.displaced && !displaced->is_here())
            drop_subtree(*displaced);
    }
    if (activity.target.parent)
        add_name(entry, activity.target);
    else if (!entry.is_here())
        drop_subtree(entry);
    if (spot.walk != 0)
        entry.names->parent->directory->list_as(*entry.names, spot);
}

void Catalog::apply(event::Activity const& activity, MakerId maker)
{
    forget_oldest_nameless(); // first, so that nothing which this call finds goes within it
    using enum event::ActivityKind;
    switch (activity.kind) {
    case opened:
    case changed:
    case closed:
        return;
    case attributes:
        if (auto at = entries_.find(activity.object); at != entries_.end() && activity.metadata)
            take(at->second, *activity.metadata);
        return;
    case deleted:
        remove(activity);
        return;
    case seen:
    case created:
    case linked:
    case renamed:
        put_in_place(activity, maker);
        return;
    }
}

void Catalog::remove(event::Activity const& activity)
{
    if (auto* link = find_link(activity.place); link != nullptr && link->object->id == activity.object) {
        auto* entry = link->object;
        remove_name(*link);
        if (!entry->is_here())
            drop_subtree(*entry);
    } else if (auto at = entries_.find(activity.object); at != entries_.end()) {
        at->second.is_gone = !at->second.is_here();
    }
}

void Catalog::put_in_place(event::Activity const& activity, MakerId maker)
{
    using enum event::ActivityKind;
    auto& entry = ensure(activity.object);
    if (!entry.is_here()) {
        entry.root = activity.root;
        entry.kind = activity.object_kind;
    } else if (activity.kind == seen && entry.root != activity.root) {
        count(entry, Gone::yes); // its tree has moved, and is protected under another name
        entry.root = activity.root;
        count(entry, Gone::no);
    }
    if (activity.kind == created)
        entry.origin = {activity.process, activity.time, maker, false};
    if (activity.metadata)
        take(entry, *activity.metadata);
    if (activity.kind == renamed) {
        rename(activity, entry);
    } else if (auto* link = find_link(activity.place); link == nullptr) {
        add_name(entry, activity.place);
    } else if (link->object != &entry) { // what stood here went without our hearing of it
        remove_name(*link);
        add_name(entry, activity.place);
    } else if (activity.kind == seen && link->parent != nullptr) {
        link->parent->directory->list_last(*link);
    }
}

void Catalog::apply(event::Version const& version)
{
    forget_oldest_nameless();
    auto& entry = ensure(version.object);
    if (!entry.is_here()) {
        entry.root = version.root;
        entry.kind = version.kind();
    }
    take(entry, version.metadata);
    if (version.occasion == event::Occasion::metadata && entry.has_version)
        return; // its content is the one that is known already
    take_size(entry, version.metadata.size);
    entry.digest = version.digest;
    entry.facts = version.facts;
    entry.has_version = true;
}

void Catalog::learn_kind(event::ObjectId object, event::ObjectKind kind)
{
    auto const at = entries_.find(object);
    if (at == entries_.end() || at->second.kind == kind)
        return;
    auto& entry = at->second;
    if (entry.is_here())
        count(entry, Gone::yes);
    entry.kind = kind;
    if (entry.is_here())
        count(entry, Gone::no);
}

Entry const* Catalog::find(event::ObjectId object) const
{
    auto at = entries_.find(object);
    return at == entries_.end() ? nullptr : &at->second;
}

Link const* Catalog::link_at(event::Place const& place) const
{
    return find_link(place);
}

event::ObjectId Catalog::child(event::ObjectId directory, std::string_view name) const
{
    auto const* entry = find(directory);
    if (entry == nullptr || entry->directory == nullptr)
        return {};
    auto* link = entry->directory->find(name);
    return link == nullptr ? event::ObjectId{} : link->object->id;
}

std::string Catalog::path_of(event::ObjectId object) const
{
    auto const* entry = find(object);
    if (entry == nullptr || entry->names == nullptr)
        return {};
    std::vector<std::string const*> parts;
    auto const* link = entry->names;
    for (int depth = 0; link->parent != nullptr; ++depth) {
        parts.push_back(&link->name);
        link = link->parent->names;
        if (link == nullptr || depth > deepest_path)
            return {};
    }
    std::string path = link->name;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
        path.append(path.ends_with('/') ? "" : "/").append(**part);
    return path;
}

std::string Catalog::path_of(event::Place const& place) const
{
    if (!place.parent)
        return place.name;
    auto path = path_of(place.parent);
    if (path.empty())
        return {};
    return path.append(path.ends_with('/') ? "" : "/").append(place.name);
}

std::vector<event::Place> Catalog::places_of(event::ObjectId object) const
{
    std::vector<event::Place> places;
    auto const* entry = find(object);
    for (auto const* link = entry == nullptr ? nullptr : entry->names; link != nullptr;
        link = link->next_name)
        places.push_back({link->parent == nullptr ? event::ObjectId{} : link->parent->id, link->name});
    return places;
}

void Catalog::for_each_child(event::ObjectId directory, std::function<bool(Link const&)> const& visit) const
{
    auto const* entry = find(directory);
    if (entry == nullptr || entry->directory == nullptr)
        return;
    for (auto const& link : entry->directory->by_walk)
        if (!visit(link))
            return;
}

std::uint64_t Catalog::files_below(event::ObjectId directory, std::uint64_t limit) const
{
    std::uint64_t count = 0;
    std::vector<Entry const*> open;
    if (auto const* top = find(directory); top != nullptr)
        open.push_back(top);
    while (!open.empty() && count < limit) {
        auto const* entry = open.back();
        open.pop_back();
        if (entry->directory == nullptr)
            continue;
        for (auto const& link : entry->directory->by_walk) {
            if (link.object->kind == event::ObjectKind::directory)
                open.push_back(link.object);
            else if (++count >= limit)
                break;
        }
    }
    return count;
}

Counts Catalog::counts(event::RootId root) const
{
    auto at = counts_.find(root);
    return at == counts_.end() ? Counts{} : at->second;
}

} // namespace tocsin::catalog
