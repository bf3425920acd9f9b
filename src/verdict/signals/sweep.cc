// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/sweep.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#include "tocsin/verdict/signals/emptied.h"

namespace tocsin::verdict {
namespace {

using catalog::Mark;
using catalog::Order;

constexpr std::size_t fewest_of_one_hand = 3;
constexpr std::size_t window = 10;
constexpr std::size_t most_folders = 2'048;
constexpr unsigned looked_at = 64; // of what survives
constexpr std::size_t neighbours = 8;
constexpr std::uint64_t whole_every = 8;
constexpr std::uint64_t most_left_of_all = 32;
constexpr unsigned selective_that_counts = 3; // views in a row; one may be chance
constexpr std::size_t fewest_steps = 7; // eight drawn by lot go one way once in a hundred times
constexpr std::size_t mostly_gone_from = 40; // files lost, before a share says anything
constexpr unsigned most_runs = 8; // by age over one folder within its memory; more is one work of many hands
// Charge::kind: the shape, and how the files were lost.
constexpr std::uint8_t shape_bits = 15;
constexpr std::uint8_t emptied_bit = 16;
constexpr std::uint8_t cheap_bit = 32; // of files that are made anew: no shape
constexpr std::array orders{Order::walk, Order::name, Order::inode};

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

// Whether nearly all of `fit` steps out of `steps` say the same: parallel work jitters. Few
// steps must agree without exception, for chance agrees often.
constexpr bool is_a_trend(std::size_t fit, std::size_t steps)
{
    return steps < fewest_steps ? fit == steps : fit * 5 >= steps * 4;
}

enum class Hands { all, one }; // every step, or those alone that one process took from its own last item

template <typename Items>
bool goes_one_way(Order order, Items const& items, Hands hands)
{
    std::size_t steps = 0;
    std::size_t up = 0;
    std::size_t down = 0;
    for (std::size_t i = 1; i < items.size(); ++i) {
        if (hands == Hands::one && items[i - 1].who != items[i].who)
            continue;
        ++steps;
        up += before(order, items[i - 1].mark, items[i].mark) ? 1 : 0;
        down += before(order, items[i].mark, items[i - 1].mark) ? 1 : 0;
    }
    return is_a_trend(std::max(up, down), steps);
}

// Who comes after another begins anew, like the second run of a mirror. Where hands change after every
// one or two files, it is one work of many hands.
template <typename Items>
bool follows(Order order, Items const& items)
{
    if (items.size() <= fewest_steps)
        return false;
    if (goes_one_way(order, items, Hands::all))
        return true;
    std::size_t changes = 0;
    for (std::size_t i = 1; i < items.size(); ++i)
        changes += items[i - 1].who != items[i].who ? 1 : 0;
    return changes * fewest_of_one_hand <= items.size() && goes_one_way(order, items, Hands::one);
}

// Whether the items went from the oldest to the newest.
template <typename Items>
bool rises_in_age(Items const& items)
{
    std::size_t up = 0;
    for (std::size_t i = 1; i < items.size(); ++i)
        up += items[i - 1].mtime_ns < items[i].mtime_ns ? 1 : 0;
    auto const steps = items.size() - 1;
    return steps >= 3 && is_a_trend(up, steps);
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

// The newest deletions follow an order and skipped some: of what age?
void Sweep::learn(Case const& at, Folder const& folder, catalog::Link const* here, Round& round) const
{
    round.keeps_some = true;
    auto const order = std::ranges::find_if(orders, [&](Order o) { return follows(o, folder.items); });
    auto const span = order == orders.end() ? std::nullopt : ends(*order, folder.items);
    if (here == nullptr || !span)
        return;
    for_each_between(*here, *order, *span->first, *span->second, looked_at, [&](catalog::Link const& kept) {
        if (is_left_by(at, kept, folder.items.back().who))
            Rounds::note_kept(round, kept.object->mtime_ns, folder.newest_ns);
    });
}

// It went on to another folder: of what age is that which it left?
void Sweep::learn_from_last(Case const& at, Round& round, event::ProcessKey who)
{
    if (round.left.empty())
        return;
    auto const& last = round.left.back();
    auto const known = folders_.find(last.folder);
    if (known == folders_.end())
        return;
    Rounds::for_each_left(at, round, last, who, looked_at, [&](catalog::Link const& kept) {
        Rounds::note_kept(round, kept.object->mtime_ns, known->second.newest_ns);
    });
}

// It comes back to folders again and again: what it took all over them is one run in no order, of which one age would
// have to be what was chosen by.
void Sweep::charge_wanderer(Case const& at, Round const& round)
{
    for (auto const& lost : round.newest) {
        auto known = folders_.find(lost.folder);
        if (known == folders_.end())
            continue;
        auto& folder = known->second;
        auto item = std::ranges::find(folder.items, lost.object, &Item::object);
        if (item == folder.items.end() || (item->charge && item->is_hard)
            || may_be_by_age(at, folder, at.catalog.find(lost.folder), round.newest_ns))
            continue;
        at.ledger.refund(item->charge, at.now);
        charge(at, *item, lost.folder, Shape::unordered);
    }
}

bool Sweep::leaves_none_between(
    Case const& at, Folder& folder, Loss const& loss, unsigned tolerated, Span span) const
{
    auto const* here = at.catalog.link_at(loss.place);
    auto const* parent = at.catalog.find(loss.place.parent);
    auto const* object = at.catalog.find(loss.object);
    auto const* now = object == nullptr ? nullptr : object->names; // it may have another name by now
    bool const stands_by = now != nullptr && now->parent == parent;
    auto fits = [&](Order order) {
        auto const& extent = folder.extents[static_cast<std::size_t>(order)];
        auto const newest = ends(order, folder.items);
        if (!newest)
            return false;
        auto const& low = span == Span::whole ? extent.low : *newest->first;
        auto const& high = span == Span::whole ? extent.high : *newest->second;
        auto const* from = here != nullptr && here->object == object ? here
            : stands_by && order == Order::walk                      ? now
                                                                     : nullptr;
        if (from != nullptr)
            return survivors_between(*from, order, low, high, tolerated + 1) <= tolerated;
        return parent != nullptr && parent->directory != nullptr
            && survivors_between(*parent->directory, order, low, high, tolerated + 1) <= tolerated;
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

bool Sweep::were_made_in_one_go(Case const& at, Folder const& folder)
{
    auto const [oldest, newest] = std::ranges::minmax(folder.items, {}, &Item::mtime_ns);
    return !std::ranges::all_of(folder.items, &Item::is_opaque)
        && newest.mtime_ns > to_nanoseconds(at.now - at.settings.sweep_memory)
        && newest.mtime_ns - oldest.mtime_ns < at.settings.made_in_one_go.count();
}

// Whether so much of what stays is newer than all that went that chance does not explain it.
bool Sweep::may_be_by_age(
    Case const& at, Folder const& folder, catalog::Entry const* parent, std::int64_t newest_ns) const
{
    if (parent == nullptr || parent->directory == nullptr || were_made_in_one_go(at, folder))
        return false;
    auto const& items = folder.items;
    // A folder filled in order and swept in that order also loses its oldest first.
    if (rises_in_age(items))
        return false;
    auto const oldest = std::ranges::min(items, {}, &Item::mtime_ns).mtime_ns;
    if (folder.lost_in_run >= 2 * window && oldest > folder.newest_of_first_ns)
        return false; // the same, by many hands at once
    // What stands next to each of them by name stands for all.
    std::size_t kept = 0;
    std::size_t newer = 0;
    auto const& names = parent->directory->by_name;
    for (auto const& item : items) {
        auto link = names.lower_bound(item.mark.name);
        for (std::size_t steps = 0; link != names.end() && steps < neighbours; ++link, ++steps) {
            if (!is_left_by(at, *link, items.back().who) || link->object->id == items.back().object)
                continue;
            ++kept;
            newer += link->object->mtime_ns > newest_ns ? 1 : 0;
        }
    }
    return kept >= 2
        && static_cast<double>(newer) >= static_cast<double>(kept) * at.settings.share_left_newer;
}

// The same, where it is asked at each loss: it costs what ten deletions cost, so the answer holds for a
// while, but only as long as nothing newer goes; a short run is asked about each time.
bool Sweep::may_still_be_by_age(Case const& at, Folder& folder, catalog::Entry const* parent) const
{
    auto const next = folder.age_asked_at < 64 ? folder.age_asked_at + 8 : 2 * folder.age_asked_at;
    if (folder.lost < at.settings.run_against_age || folder.lost >= next
        || folder.newest_ns > folder.newest_when_asked_ns) {
        folder.age_asked_at = folder.lost;
        folder.newest_when_asked_ns = folder.newest_ns;
        folder.may_be_by_age = may_be_by_age(at, folder, parent, folder.newest_ns);
    }
    return folder.may_be_by_age;
}

// Whether who chooses by age may have met nothing that it leaves so far. That takes longer to rule out where it
// leaves what is as young as what people clean by; and where it is ruled out soon, nothing may stand between at all.
bool Sweep::may_be_chance(
    Case const& at, Folder& folder, Loss const& loss, catalog::Entry const* parent) const
{
    auto const& s = at.settings;
    if (folder.lost >= s.run_against_age || !may_be_by_age(at, folder, parent, folder.newest_ns))
        return false;
    auto const young_ns = to_nanoseconds(at.now - s.age_to_clean_by);
    return folder.lost < s.run_against_great_age
        || may_be_by_age(at, folder, parent, std::max(folder.newest_ns, young_ns))
        || !leaves_none_between(at, folder, loss, 0, Span::newest);
}

Sweep::Shape Sweep::shape_of(Case const& at, Folder& folder, Loss const& loss, Round& round)
{
    auto const& items = folder.items;
    auto const& s = at.settings;
    auto const* parent = at.catalog.find(loss.place.parent);
    bool const skips = Rounds::skips(at, round, loss.who);
    if (folder.lost < (skips ? s.run_of_a_skipper : s.run_that_counts))
        return !skips && empties(parent, loss.object) ? Shape::contiguous : Shape::undecided;
    auto const tolerated = static_cast<unsigned>(items.size() >= s.run_with_jitter ? items.size() / 4 : 0);
    bool contiguous = false;
    if (!skips) {
        contiguous = leaves_none_between(at, folder, loss, tolerated, Span::newest);
    } else if (folder.lost >= folder.whole_asked_at + whole_every) {
        auto const of_all = static_cast<unsigned>(std::min(folder.lost / 8, most_left_of_all));
        contiguous = leaves_none_between(at, folder, loss, of_all, Span::whole);
        folder.whole_asked_at = contiguous ? 0 : folder.lost;
    }
    if (contiguous)
        return may_be_chance(at, folder, loss, parent) ? Shape::undecided : Shape::contiguous;
    if (std::ranges::any_of(orders, [&](Order order) { return follows(order, items); })) {
        if (++folder.selective_in_a_row >= selective_that_counts)
            learn(at, folder, at.catalog.link_at(loss.place), round);
        auto const left =
            parent == nullptr || parent->directory == nullptr ? 0 : parent->directory->by_name.size();
        bool const mostly_gone = folder.lost >= mostly_gone_from && folder.lost > 3 * left;
        return mostly_gone && !may_still_be_by_age(at, folder, parent) ? Shape::unordered : Shape::selective;
    }
    folder.selective_in_a_row = 0;
    if (items.size() < s.run_unordered)
        return Shape::interrupted;
    return may_still_be_by_age(at, folder, parent) ? Shape::undecided : Shape::unordered;
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
        .kind =
            static_cast<std::uint8_t>((item.how == How::emptied ? emptied_bit : 0) | static_cast<int>(shape)),
        .points = points * item.worth,
        .object = item.object,
        .folder = folder,
        .path = at.catalog.path_of(event::Place{folder, item.mark.name})});
}

void Sweep::apply(Case const& at, Folder& folder, event::ObjectId id, Shape shape)
{
    for (auto& item : folder.items) {
        bool const pays = shape == Shape::contiguous || shape == Shape::unordered;
        if (pays && (!item.charge || !item.is_hard)) {
            at.ledger.refund(item.charge, at.now);
            charge(at, item, id, shape);
        } else if (item.is_hard && (shape == Shape::selective || shape == Shape::interrupted)) {
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
            .kind = cheap_bit,
            .points = at.settings.deleted_cheap * loss.worth,
            .object = loss.object,
            .folder = parent,
            .path = loss.path});
        return Claim::taken;
    }
    if (errands_.allow(at, loss)) {
        at.past_errands.note(loss.who, at.now);
        return Claim::taken;
    }
    auto& round = rounds_.step(at, loss);
    if (round.lost_here == 1)
        learn_from_last(at, round, loss.who);
    auto& folder = folder_of(parent);
    add(at, folder, loss);
    if (!were_made_in_one_go(at, folder) && Rounds::chooses_by_age(round, loss.mtime_ns))
        return Claim::taken; // older than anything that it left
    auto const shape = shape_of(at, folder, loss, round);
    if (shape != Shape::undecided)
        apply(at, folder, parent, shape);
    if (round.returns >= at.settings.returns_that_count)
        charge_wanderer(at, round);
    return Claim::taken;
}

void Sweep::on_activity(Case const& at, event::Activity const& activity)
{
    if (activity.kind == event::ActivityKind::renamed)
        errands_.note_moved(at, activity);
}

void Sweep::add(Case const& at, Folder& folder, Loss const& loss)
{
    auto& items = folder.items;
    if (!items.empty() && items.back().time + at.settings.sweep_memory < at.now)
        folder = {};
    if (!items.empty() && folder.runs < most_runs && at.tree.was_born_after(loss.who, items.back().who)) {
        ++folder.runs;
        folder.lost_in_run = 0;
        folder.newest_of_first_ns = INT64_MIN;
    }
    if (items.size() == window)
        items.erase(items.begin());
    bool const was_opaque = loss.how == How::deleted && loss.has_content && is_opaque(loss.before);
    auto const worth = is_emptied_document(loss) ? 0 // charged already
        : was_opaque                             ? loss.worth * at.settings.share_of_opaque
                                                 : loss.worth;
    items.push_back(
        {loss.mark, loss.who, loss.object, loss.time, loss.mtime_ns, worth, loss.how, {}, false, was_opaque});
    for (auto order : orders) {
        auto& extent = folder.extents[static_cast<std::size_t>(order)];
        if (folder.lost == 0 || before(order, loss.mark, extent.low))
            extent.low = loss.mark;
        if (folder.lost == 0 || before(order, extent.high, loss.mark))
            extent.high = loss.mark;
    }
    folder.newest_ns = std::max(folder.newest_ns, loss.mtime_ns);
    ++folder.lost;
    if (++folder.lost_in_run <= window)
        folder.newest_of_first_ns = std::max(folder.newest_of_first_ns, loss.mtime_ns);
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
    auto& folder = found->second;
    if (--folder.lost == 0)
        folder = {};
    // Both say at which loss something was asked: they cannot be ahead of the count.
    folder.age_asked_at = std::min(folder.age_asked_at, folder.lost);
    folder.whole_asked_at = std::min(folder.whole_asked_at, folder.lost);
}

std::string Sweep::reason(Case const&, std::span<Charge const* const> charges) const
{
    auto const kind = charges.back()->kind;
    auto const did = (kind & emptied_bit) != 0 ? "emptied" : "deleted";
    auto const what = files_and_folders(charges);
    switch (static_cast<Shape>(kind & shape_bits)) {
    case Shape::contiguous:
        return fmt::format("{} {} one after another, leaving none between them", did, what);
    case Shape::unordered:
        return fmt::format("{} {} in quick succession, whichever they were", did, what);
    case Shape::selective:
    case Shape::undecided:
    case Shape::interrupted:
        break;
    }
    return fmt::format("{} {}", did, what);
}

} // namespace tocsin::verdict
