// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/exchange.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace tocsin::verdict {
namespace {

constexpr double alike = 0.3; // of the passages
constexpr std::uint64_t least_bytes = 64; // states and numbers are the same here and there

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// A name with its last number taken out, and the number; -1 where there is none.
struct Numbered {
    std::string rest;
    std::int64_t number = -1;
};

Numbered numbered(std::string_view name)
{
    auto const last = std::ranges::find_if(name.rbegin(), name.rend(), is_digit);
    if (last == name.rend())
        return {std::string(name)};
    auto const first = std::find_if_not(last, name.rend(), is_digit);
    auto const* const from = name.data() + (name.rend() - first);
    auto const* const to = name.data() + (name.rend() - last);
    Numbered out{std::string(name.data(), from) + std::string(to, name.data() + name.size())};
    std::from_chars(from, to, out.number);
    return out;
}

// app.log.1 and app.log.2: the older ones move up.
bool are_neighbours_by_number(std::string_view one, std::string_view other)
{
    auto const a = numbered(one);
    auto const b = numbered(other);
    return a.rest == b.rest && a.number >= 0 && b.number >= 0
        && (a.number - b.number == 1 || b.number - a.number == 1);
}

// report.odt and report.odt.bak, report-old.odt, .report.odt.
bool is_a_longer_name(std::string_view one, std::string_view other)
{
    auto const stem_of = [](std::string_view name) { return name.substr(0, name.find('.', 1)); };
    return one.contains(stem_of(other)) || other.contains(stem_of(one));
}

bool may_be_kept_so(event::Place const& one, event::Place const& other)
{
    return one.name == other.name
        || (one.parent == other.parent
            && (are_neighbours_by_number(one.name, other.name) || is_a_longer_name(one.name, other.name)));
}

} // namespace

Exchange::Seen& Exchange::slot_of(Memory& memory, Sha256 const& digest)
{
    return memory[std::hash<Sha256>{}(digest) % memory.size()];
}

// The same people had this content in another file a moment ago.
bool Exchange::is_elsewhere(Case const& at, Seen const& seen, Sha256 const& digest, Loss const& lost)
{
    if (seen.digest != digest || !seen.object || seen.object == lost.object
        || seen.time + at.settings.sweep_memory < at.now)
        return false;
    auto* one = at.tree.find(seen.who);
    auto* other = at.tree.find(lost.who);
    return one != nullptr && other != nullptr && at.tree.common(*one, *other) != nullptr;
}

Exchange::Changed& Exchange::changed(event::ObjectId object, Case const& at)
{
    auto& slot = changed_[object.value % changed_.size()];
    if (slot.object != object || slot.time + at.settings.sweep_memory < at.now)
        slot = {};
    return slot;
}

Claim Exchange::on_succession(Case const& at, Succession const& succession)
{
    auto const& lost = succession.lost;
    auto const& before = lost.before;
    auto const& after = succession.after;
    // By another file under the same name older versions move up, and equal files are saved alike.
    if (succession.relation != Relation::overwritten || before.digest == after.digest
        || event::similarity(before.facts.sketch, after.facts.sketch)
            >= alike // logs that are written to alike
        || (succession.refilled_by && succession.refilled_by != lost.who) || before.size < least_bytes
        || after.size < least_bytes)
        return Claim::open;
    auto& own = changed(lost.object, at);
    bool const is_first = !own.object;
    bool const is_back = !is_first && (after.digest == own.first || after.digest == own.last);
    auto const& gave = slot_of(gave_way_, after.digest);
    auto const& got = slot_of(arrived_, before.digest);
    bool const gets_anothers = !is_back && is_elsewhere(at, gave, after.digest, lost);
    bool const hands_on = is_first && is_elsewhere(at, got, before.digest, lost);
    // Whatever their names are: what is kept by number or under a longer name goes one way.
    bool const is_mutual = gets_anothers && hands_on && gave.object == got.object;
    bool const holds_anothers = gets_anothers && (is_mutual || !may_be_kept_so(gave.place, lost.place));
    bool const was_handed_on = hands_on && (is_mutual || !may_be_kept_so(got.place, lost.place));
    own = {lost.object, at.now, is_first ? before.digest : own.first, before.digest, own.has_paid};
    slot_of(gave_way_, before.digest) = {before.digest, lost.object, lost.place, lost.who, at.now};
    slot_of(arrived_, after.digest) = {after.digest, lost.object, lost.place, lost.who, at.now};
    if ((!holds_anothers && !was_handed_on) || std::exchange(own.has_paid, true))
        return Claim::open;
    auto charge = charge_for(at, id(), succession);
    auto const rest = succession.change.weight == Weight::hard ? succession.change.points : 0;
    auto const points = holds_anothers ? at.settings.exchanged : at.settings.passed_on;
    charge.weight = Weight::hard;
    charge.points = (points - rest) * lost.worth;
    at.ledger.charge(std::move(charge));
    return Claim::open;
}

std::string Exchange::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format("put into {} what others had held", files_and_folders(charges));
}

} // namespace tocsin::verdict
