// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/generations.h"

#include "tocsin/verdict/allowances/numbered_name.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_answers = 4'096;
constexpr int names_looked_at = 16;
constexpr std::size_t most_stems = 8;

bool may_follow(Case const& at, catalog::Entry const& next, Loss const& loss)
{
    auto const now = content_of(next);
    return !next.origin.existed && next.has_version && next.origin.creator == loss.who
        && next.origin.time + at.settings.successor_within > at.now
        && now.facts.type == event::FileType::unknown && now.size * 2 >= loss.before.size
        && (!looks_encrypted(now) || looks_encrypted(loss.before));
}

} // namespace

bool Generations::allow(Case const& at, Loss const& loss)
{
    auto const* folder = at.catalog.find(loss.place.parent);
    auto const old = numbered(loss.place.name);
    if (loss.how != How::deleted || !loss.has_content || loss.before.facts.type != event::FileType::unknown
        || folder == nullptr || folder->directory == nullptr || !old)
        return false;
    std::size_t others = 0;
    catalog::Entry const* next = nullptr;
    auto const& names = folder->directory->by_name;
    int steps = names_looked_at;
    for (auto link = names.lower_bound(std::string(old->stem));
        link != names.end() && link->name.starts_with(old->stem); ++link) {
        auto const other = numbered(link->name);
        if (--steps == 0)
            return false;
        if (!other || other->stem != old->stem || link->object->id == loss.object)
            continue;
        ++others;
        if (other->number > old->number && may_follow(at, *link->object, loss))
            next = link->object;
    }
    if (next == nullptr || others != 1 || answered_.contains(next->id)
        || !follow(at, {folder->id, std::string(old->stem)}, loss.object, next->id))
        return false;
    if (answered_.size() >= most_answers)
        answered_.clear();
    answered_.insert(next->id);
    at.provenance.inherit_content(next->id);
    return true;
}

// Under a stem that is covered already only what followed there may go in its turn.
bool Generations::follow(Case const& at, Stem stem, event::ObjectId old, event::ObjectId next)
{
    std::erase_if(
        stems_, [&](auto const& item) { return item.second.time + at.settings.sweep_memory < at.now; });
    auto const known = stems_.find(stem);
    if (known == stems_.end() ? stems_.size() >= most_stems : known->second.object != old)
        return false;
    stems_.insert_or_assign(std::move(stem), Follower{next, at.now});
    return true;
}

} // namespace tocsin::verdict
