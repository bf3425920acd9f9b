// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/sweep.h"

#include <algorithm>
#include <fmt/format.h>

namespace tocsin::verdict {
namespace {

using catalog::Mark;
using catalog::Order;

constexpr std::size_t window = 10;
constexpr std::size_t most_folders = 2'048;
constexpr std::size_t most_skippers = 1'024;
constexpr std::size_t ages_looked_at = 64;
constexpr std::size_t mostly_gone_from = 20; // files lost, before a share says anything
constexpr auto orders = {Order::walk, Order::name, Order::inode};

// Both ends of the items in one order. Empty where an inode is not known.
template <typename Items>
std::optional<std::pair<Mark const*, Mark const*>> ends(Order order, Items const& items)
{
    Mark const* low = &items.front().mark;
    Mark const* high = low;
    for (auto const& item : items) {
        if (order == Order::inode && item.mark.inode == 0)
            return {};
        if (before(order, item.mark, *low))
            low = &item.mark;
        if (before(order, *high, item.mark))
            high = &item.mark;
    }
    return std::pair(low, high);
}

// Whether the items go one way, but for one step in five (parallel work jitters).
template <typename Items, typename Before>
bool goes_one_way(Items const& items, Before is_before)
{
    std::size_t up = 0;
    std::size_t down = 0;
    for (std::size_t i = 1; i < items.size(); ++i) {
        up += is_before(items[i - 1], items[i]) ? 1 : 0;
        down += is_before(items[i], items[i - 1]) ? 1 : 0;
    }
    auto const steps = items.size() - 1;
    return steps >= 3 && std::max(up, down) * 5 >= steps * 4;
}

template <typename Items>
bool has_an_order(Items const& items)
{
    return std::ranges::any_of(orders, [&](Order order) {
        return goes_one_way(
            items, [&](auto const& a, auto const& b) { return before(order, a.mark, b.mark); });
    });
}

// Whether nothing survives in the folder but `gone`.
bool empties(catalog::Entry const* folder, event::ObjectId gone)
{
    if (folder == nullptr || folder->directory == nullptr)
        return false;
    int steps = 64;
    for (auto const& link : folder->directory->by_walk) {
        if (link.object->id != gone && catalog::is_survivor(link))
            return false;
        if (--steps == 0)
            return false;
    }
    return true;
}

// Whether all that survives is newer than the newest of what went.
template <typename Items>
bool chose_by_age(catalog::Entry const* folder, Items const& items, std::int64_t newest_ns)
{
    if (folder == nullptr || folder->directory == nullptr)
        return false;
    // A folder filled in order and swept in that order also loses its oldest first.
    if (goes_one_way(items, [](auto const& a, auto const& b) { return a.mtime_ns < b.mtime_ns; }))
        return false;
    std::size_t seen = 0;
    for (auto const& link : folder->directory->by_walk) {
        if (!catalog::is_survivor(link)
            || std::ranges::any_of(items, [&](auto const& i) { return i.object == link.object->id; }))
            continue;
        if (link.object->mtime_ns <= newest_ns)
            return false;
        if (++seen >= ages_looked_at)
            break;
    }
    return seen >= 2;
}

} // namespace

Sweep::Folder& Sweep::folder_of(event::ObjectId id)
{
    auto [at, is_new] = folders_.try_emplace(id);
    if (is_new) {
        folder_ages_.push_back(id);
        if (folder_ages_.size() > most_folders) {
            folders_.erase(folder_ages_.front());
            folder_ages_.pop_front();
        }
    }
    return at->second;
}

Sweep::Skipper const* Sweep::skipper(Case const& at, event::ProcessKey who) const
{
    if (skippers_.empty())
        return nullptr;
    auto* node = at.tree.find(who);
    for (int level = 0; node != nullptr && level < 2; node = at.tree.above(*node), ++level)
        if (auto found = skippers_.find(node->process.key);
            found != skippers_.end() && found->second.time + at.settings.sweep_memory > at.now)
            return &found->second;
    return nullptr;
}

void Sweep::note_skipper(event::ProcessKey who, WallTime now, std::int64_t cutoff_ns)
{
    if (skippers_.size() >= most_skippers)
        skippers_.clear();
    auto& skipper = skippers_[who];
    skipper.time = now;
    skipper.cutoff_ns = std::max(skipper.cutoff_ns, cutoff_ns);
}

bool Sweep::leaves_none_between(Case const& at, Folder& folder, Loss const& loss) const
{
    auto const tolerated = static_cast<unsigned>(folder.items.size() / 4);
    auto const* here = at.catalog.link_at(loss.place);
    auto const* parent = at.catalog.find(loss.place.parent);
    auto fits = [&](Order order) {
        auto const span = ends(order, folder.items);
        if (!span)
            return false;
        auto const survivors = here != nullptr
            ? survivors_between(*here, order, *span->first, *span->second, tolerated + 1)
            : parent != nullptr && parent->directory != nullptr
            ? survivors_between(*parent->directory, order, *span->first, *span->second, tolerated + 1)
            : tolerated + 1;
        return survivors <= tolerated;
    };
    if (fits(folder.fits))
        return true;
    for (auto order : orders)
        if (order != folder.fits && fits(order)) {
            folder.fits = order;
            return true;
        }
    return false;
}

Sweep::Shape Sweep::shape_of(Case const& at, Folder& folder, Loss const& loss)
{
    auto const& items = folder.items;
    auto const* known = skipper(at, loss.who);
    auto const newest =
        std::ranges::max_element(items, {}, [](Item const& item) { return item.mtime_ns; })->mtime_ns;
    if (known != nullptr && known->cutoff_ns != INT64_MIN && newest <= known->cutoff_ns)
        return Shape::by_age;
    auto const* parent = at.catalog.find(loss.place.parent);
    auto const enough = known != nullptr ? at.settings.run_of_a_skipper : at.settings.run_that_counts;
    if (items.size() < enough)
        return empties(parent, loss.object) ? Shape::contiguous : Shape::undecided;
    bool const contiguous = leaves_none_between(at, folder, loss);
    if (!contiguous && has_an_order(items)) {
        auto const left =
            parent == nullptr || parent->directory == nullptr ? 0 : parent->directory->by_name.size();
        bool const mostly_gone = folder.lost >= mostly_gone_from && folder.lost > 2 * left;
        if (!mostly_gone)
            return Shape::selective;
    } else if (!contiguous && items.size() < at.settings.run_unordered) {
        return Shape::undecided;
    }
    if (chose_by_age(parent, items, newest)) {
        note_skipper(loss.who, at.now, newest);
        return Shape::by_age;
    }
    return contiguous ? Shape::contiguous : Shape::unordered;
}

void Sweep::charge(Case const& at, Item& item, event::ObjectId folder, Shape shape)
{
    bool const hard = shape != Shape::selective;
    auto const points = shape == Shape::contiguous ? at.settings.swept
        : hard                                     ? at.settings.swept_unordered
                                                   : at.settings.deleted_selectively;
    item.is_hard = hard;
    item.charge = at.ledger.charge({.who = item.who,
        .time = at.now,
        .since = item.time,
        .signal = id(),
        .weight = hard ? Weight::hard : Weight::soft,
        .kind = static_cast<std::uint8_t>((item.how == How::emptied ? 16 : 0) + static_cast<int>(shape)),
        .points = points * item.worth,
        .object = item.object,
        .folder = folder,
        .path = item.path});
}

void Sweep::apply(Case const& at, Folder& folder, event::ObjectId id, Shape shape)
{
    for (auto& item : folder.items) {
        bool const pays = shape == Shape::contiguous || shape == Shape::unordered;
        if (pays && (!item.charge || !item.is_hard)) {
            at.ledger.refund(item.charge, at.now);
            charge(at, item, id, shape);
        } else if (shape == Shape::by_age || (shape == Shape::selective && item.is_hard)) {
            at.ledger.refund(item.charge, at.now);
            item.charge = {};
            item.is_hard = false;
        }
        if (shape == Shape::selective && !item.charge)
            charge(at, item, id, shape);
    }
}

Claim Sweep::on_loss(Case const& at, Loss const& loss)
{
    auto const parent = loss.place.parent;
    if (loss.is_cheap) {
        at.ledger.charge({.who = loss.who,
            .time = at.now,
            .signal = id(),
            .weight = Weight::soft,
            .kind = 32,
            .points = at.settings.deleted_cheap * loss.worth,
            .object = loss.object,
            .folder = parent,
            .path = loss.path});
        return Claim::taken;
    }
    auto& folder = folder_of(parent);
    auto& items = folder.items;
    ++folder.lost;
    if (!items.empty() && items.back().time + at.settings.sweep_memory < at.now)
        items.clear();
    if (items.size() == window)
        items.erase(items.begin());
    items.push_back({loss.mark, loss.who, loss.object, loss.path, loss.time, loss.mtime_ns, loss.worth,
        loss.how, {}, false});
    auto const shape = shape_of(at, folder, loss);
    if (shape == Shape::selective)
        note_skipper(loss.who, at.now, INT64_MIN);
    if (shape != Shape::undecided)
        apply(at, folder, parent, shape);
    return Claim::taken;
}

void Sweep::on_return(Case const& at, Loss const& loss)
{
    auto found = folders_.find(loss.place.parent);
    if (found == folders_.end())
        return;
    auto& items = found->second.items;
    auto item = std::ranges::find(items, loss.object, &Item::object);
    if (item == items.end())
        return;
    at.ledger.refund(item->charge, at.now);
    items.erase(item);
    --found->second.lost;
}

std::string Sweep::reason(Case const& at, std::span<Charge const* const> charges) const
{
    auto const kind = charges.back()->kind;
    auto const did = (kind & 16) != 0 ? "emptied" : "deleted";
    auto const what = files_and_folders(at, charges);
    switch (static_cast<Shape>(kind & 15)) {
    case Shape::contiguous:
        return fmt::format("{} {} one after another, leaving none between them", did, what);
    case Shape::unordered:
        return fmt::format("{} {} in quick succession, whichever they were", did, what);
    case Shape::selective:
    case Shape::by_age:
    case Shape::undecided:
        break;
    }
    return fmt::format("{} {}", did, what);
}

} // namespace tocsin::verdict
