// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/series.h"

#include <algorithm>
#include <vector>

#include "tocsin/verdict/allowances/numbered_name.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_series = 1'024;
constexpr unsigned looked_at = 64;
constexpr std::uint64_t taken_for_one_kept = 4; // bytes
constexpr float poorer_by = 1; // bits a byte

bool continues(Case const& at, catalog::Link const& link, NumberedName const& series, Loss const& loss)
{
    auto const& file = *link.object;
    auto const other = numbered(link.name);
    return other && other->stem == series.stem && other->number > series.number && catalog::is_survivor(link)
        && !file.origin.existed && file.origin.creator == loss.who
        && file.origin.time + at.settings.successor_within > at.now && file.has_version
        && file.facts.type == event::FileType::unknown && !looks_encrypted(content_of(file))
        && file.facts.entropy >= loss.before.facts.entropy - poorer_by;
}

} // namespace

bool Series::allow(Case const& at, Loss const& loss, catalog::Entry const& folder)
{
    auto const series = numbered(loss.place.name);
    auto const* file = at.catalog.find(loss.object);
    auto const* who = at.tree.find(loss.who);
    if (!series || !loss.has_content || loss.before.facts.type != event::FileType::unknown || file == nullptr
        || who == nullptr || !acts_for_itself(*who) || !at.private_files.is_of(*file, *who, at.now))
        return false;
    std::erase_if(
        lost_, [&](auto const& item) { return item.second.time + at.settings.successor_within < at.now; });
    if (lost_.size() >= most_series)
        lost_.clear();
    auto& lost = lost_[{loss.who, folder.id, std::string(series->stem)}];
    lost.bytes += loss.before.size;
    lost.time = at.now;
    std::uint64_t kept = 0;
    std::vector<event::ObjectId> keepers;
    unsigned steps = looked_at;
    auto const& links = folder.directory->by_walk;
    for (auto link = links.rbegin(); link != links.rend() && steps > 0; ++link, --steps)
        if (continues(at, *link, *series, loss)) {
            keepers.push_back(link->object->id);
            kept += link->object->size;
        }
    if (kept * taken_for_one_kept < lost.bytes)
        return false;
    std::ranges::for_each(keepers, [&](event::ObjectId keeper) { at.provenance.inherit_content(keeper); });
    return true;
}

} // namespace tocsin::verdict
