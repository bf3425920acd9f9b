// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/generations.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_answers = 4'096;
constexpr int names_looked_at = 16;
constexpr std::size_t most_at_once = 2;

struct Numbered {
    std::string_view stem; // with its dot
    std::uint64_t number = 0;
};

std::optional<Numbered> numbered(std::string_view name)
{
    auto const dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0)
        return {};
    Numbered out{name.substr(0, dot + 1), 0};
    auto const digits = name.substr(dot + 1);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
    if (error != std::errc() || end != digits.data() + digits.size())
        return {};
    return out;
}

bool may_follow(Case const& at, catalog::Entry const& next, Loss const& loss)
{
    auto const now = content_of(next);
    return !next.origin.existed && next.has_version && next.origin.creator == loss.who
        && next.origin.time + at.settings.successor_within > at.now
        && now.facts.type == event::FileType::unknown && now.size * 2 >= loss.before.size
        && (!looks_encrypted(now) || looks_encrypted(loss.before));
}

} // namespace

bool Generations::cover(Case const& at, Loss const& loss)
{
    auto const* folder = at.catalog.find(loss.place.parent);
    auto const old = numbered(loss.place.name);
    if (loss.how != How::deleted || !loss.has_content || loss.before.facts.type != event::FileType::unknown
        || folder == nullptr || folder->directory == nullptr || !old)
        return false;
    std::size_t standing = 0;
    catalog::Entry const* next = nullptr;
    auto const& names = folder->directory->by_name;
    int steps = names_looked_at;
    for (auto link = names.lower_bound(std::string(old->stem));
        link != names.end() && link->name.starts_with(old->stem); ++link) {
        auto const other = numbered(link->name);
        if (--steps == 0)
            return false;
        if (!other || other->stem != old->stem)
            continue;
        ++standing;
        if (other->number > old->number && may_follow(at, *link->object, loss))
            next = link->object;
    }
    if (next == nullptr || standing > most_at_once)
        return false;
    if (answered_.size() >= most_answers)
        answered_.clear();
    return answered_.insert(next->id).second;
}

} // namespace tocsin::verdict
