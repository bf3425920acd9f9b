// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/provenance.h"

#include <algorithm>
#include <array>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_heirs = 65'536;
constexpr std::size_t most_locks = 64;
constexpr int most_levels = 16; // of folders above an object
constexpr int neighbours = 4;

bool is_cache_name(std::string_view name)
{
    static constexpr auto names = std::to_array<std::string_view>(
        {"cache", ".cache", "Cache", "caches", "tmp", ".tmp", "temp", "__pycache__", ".ccache"});
    return std::ranges::find(names, name) != names.end();
}

bool is_temporary_name(std::string_view name)
{
    static constexpr auto endings = std::to_array<std::string_view>(
        {"~", ".tmp", ".temp", ".swp", ".swx", ".part", ".lock", ".lo", ".la"});
    return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string_view stem_of(std::string_view name)
{
    return name.substr(0, name.rfind('.'));
}

// foo.d beside an older foo.c: made from it, and can be made again.
bool has_a_source(catalog::Link const& link)
{
    auto const& object = *link.object;
    if (object.origin.existed || event::is_dense(object.facts.type) || link.parent == nullptr)
        return false;
    auto is_source = [&](catalog::Link const& other) {
        return stem_of(other.name) == stem_of(link.name) && other.object->mtime_ns < object.mtime_ns
            && other.object->origin.time < object.origin.time
            && other.object->facts.type == event::FileType::text;
    };
    auto const& names = link.parent->directory->by_name;
    auto up = std::next(names.iterator_to(link));
    for (int i = 0; i < neighbours && up != names.end(); ++i, ++up)
        if (is_source(*up))
            return true;
    auto down = names.iterator_to(link);
    for (int i = 0; i < neighbours && down != names.begin(); ++i)
        if (is_source(*--down))
            return true;
    return false;
}

// Made while we watched, and one byte all over as far as it was looked at: room that waits to be filled. Of what was
// there before, more may stand behind that.
bool is_room(catalog::Entry const& object)
{
    return !object.origin.existed && object.has_version && object.facts.type == event::FileType::unknown
        && object.facts.entropy == 0;
}

bool has_child(catalog::Entry const& folder, std::string_view name)
{
    return folder.directory != nullptr && folder.directory->find(name) != nullptr;
}

// npm makes the packages in node_modules anew from what package.json names. One that was laid beside them
// later says nothing.
bool is_of_packages(catalog::Link const& folder, catalog::Entry const& object)
{
    if (folder.name != "node_modules" || folder.parent == nullptr || folder.parent->directory == nullptr)
        return false;
    auto const* list = folder.parent->directory->find("package.json");
    return list != nullptr
        && (list->object->origin.existed
            || (!object.origin.existed && list->object->origin.time <= object.origin.time));
}

// A loose git object whose store was packed while we watched: gc deletes what a pack holds now.
bool is_packed_elsewhere(catalog::Entry const& fan_out)
{
    auto const* link = fan_out.names;
    if (link == nullptr || link->name.size() != 2 || link->parent == nullptr
        || !has_child(*link->parent, "pack"))
        return false;
    auto const& packs = *link->parent->directory->find("pack")->object;
    if (packs.directory == nullptr)
        return false;
    auto const newest = packs.directory->by_walk.rbegin();
    return newest != packs.directory->by_walk.rend() && !newest->object->origin.existed;
}

} // namespace

double Provenance::worth(catalog::Entry const& entry, Node& who, WallTime now) const
{
    if (!locks_.empty() && holds_lock_over(who, entry))
        return 0;
    auto const& origin = entry.origin;
    if (origin.existed)
        return 1;
    auto const heir = heirs_.find(entry.id);
    bool const is_heir = heir != heirs_.end();
    if (is_heir && heir->second)
        return 1;
    if (tree_.same_program(origin.maker, origin.creator, who))
        return 0;
    if (is_heir)
        return 1;
    if (origin.creator == who.process.key)
        return 0;
    if (!origin.creator)
        return may_have_made(who, entry, now) ? 0 : 1;
    auto* creator = tree_.find(origin.creator);
    if (creator == nullptr)
        return 1;
    if (tree_.descends(*creator, who))
        return 0;
    if (origin.time + settings_.temporary > now && tree_.common(*creator, who) != nullptr)
        return 0;
    return 1;
}

bool Provenance::is_addition_of(catalog::Entry const& entry, Node& who, WallTime now) const
{
    return !entry.origin.existed && !heirs_.contains(entry.id) && worth(entry, who, now) <= 0;
}

// Made while no guard ran, not long ago, by a process of the same user, when this one or one that it
// came from had started already. File systems stamp by a clock that lags by up to a tick.
bool Provenance::may_have_made(Node const& who, catalog::Entry const& entry, WallTime now) const
{
    auto const made = entry.origin.creator.start_ticks;
    if (made == 0 || !entry.has_metadata || entry.origin.time + settings_.made_unseen <= now)
        return false;
    for (auto const* node = &who; node != nullptr && node->process.uid == entry.uid;
        node = tree_.above(*node))
        if (node->process.key.start_ticks != 0 && node->process.key.start_ticks <= made + 1)
            return true;
    return false;
}

bool Provenance::is_cheap(catalog::Link const& link) const
{
    auto const& object = *link.object;
    if (object.kind != event::ObjectKind::regular)
        return true;
    if ((object.has_metadata && object.size == 0) || event::is_derived(object.facts.type))
        return true;
    if (is_room(object))
        return true;
    if ((!object.origin.existed && is_temporary_name(link.name)) || has_a_source(link))
        return true;
    int level = 0;
    for (auto const* folder = link.parent; folder != nullptr && level < most_levels; ++level) {
        if (folder->names == nullptr)
            return false;
        auto const& name = *folder->names;
        // The root of a protected tree is chosen by a person, whatever it is called.
        if (name.parent != nullptr && (is_cache_name(name.name) || has_child(*folder, "CACHEDIR.TAG")))
            return true;
        if (is_of_packages(name, object))
            return true;
        if (level == 0 && is_packed_elsewhere(*folder))
            return true;
        folder = name.parent;
    }
    return false;
}

void Provenance::inherit(event::ObjectId successor)
{
    if (!heirs_.try_emplace(successor, false).second)
        return;
    heir_ages_.push_back(successor);
    if (heir_ages_.size() > most_heirs) {
        heirs_.erase(heir_ages_.front());
        heir_ages_.pop_front();
    }
}

void Provenance::inherit_content(event::ObjectId successor)
{
    inherit(successor);
    heirs_.at(successor) = true;
}

void Provenance::note_created(event::Activity const& created)
{
    if (created.place.name != "index.lock")
        return;
    auto const* folder = catalog_.find(created.place.parent);
    if (folder == nullptr || folder->names == nullptr || folder->names->name != ".git"
        || folder->names->parent == nullptr || !has_child(*folder, "objects"))
        return;
    locks_.push_back({created.process, folder->names->parent->id});
    if (locks_.size() > most_locks)
        locks_.pop_front();
}

bool Provenance::holds_lock_over(Node const& who, catalog::Entry const& entry) const
{
    for (auto const& lock : locks_) {
        if (lock.who != who.process.key)
            continue;
        auto const* link = entry.names;
        for (int level = 0; link != nullptr && link->parent != nullptr && level < most_levels; ++level) {
            if (link->parent->id == lock.work_tree)
                return true;
            link = link->parent->names;
        }
    }
    return false;
}

} // namespace tocsin::verdict
