// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/ledger.h"

#include <algorithm>

namespace tocsin::verdict {

std::string_view name_of(SignalId signal)
{
    switch (signal) {
    case SignalId::emptied:
        return "emptied";
    case SignalId::sweep:
        return "sweep";
    case SignalId::overwrite:
        return "overwrite";
    case SignalId::displacement:
        return "displacement";
    case SignalId::copy_and_delete:
        return "copy_and_delete";
    case SignalId::archive_and_delete:
        return "archive_and_delete";
    case SignalId::rights:
        return "rights";
    case SignalId::renames:
        return "renames";
    case SignalId::notes:
        return "notes";
    case SignalId::folder_rename:
        return "folder_rename";
    case SignalId::same_content:
        return "same_content";
    case SignalId::exchange:
        return "exchange";
    }
    return "unknown";
}

void Ledger::add(Node& who, double points, Weight weight, WallTime now, WallTime since)
{
    auto add_to = [&](Account& account) {
        account.fade(now, settings_);
        auto& sum = weight == Weight::hard ? account.hard : account.soft;
        sum = std::max(0.0, sum + points);
    };
    add_to(whole_set_);
    for (Node* node = &who; node != nullptr; node = tree_.above(*node)) {
        add_to(node->account);
        if (points <= 0 || weight != Weight::hard)
            continue;
        tree_.note_charged(*node);
        auto& account = node->account;
        bool const is_first = account.first_damage == WallTime{};
        if (is_first || since < account.first_damage)
            account.first_damage = since;
        if (is_first || who.serial < account.first_serial) {
            account.first_serial = who.serial;
            account.first_start_ticks = who.process.key.start_ticks;
        }
    }
}

ChargeId Ledger::charge(Charge charge)
{
    auto& who = tree_.ensure(charge.who);
    bool const pardoned = ((who.pardoned >> static_cast<unsigned>(charge.signal)) & 1U) != 0;
    if (charge.points <= 0 || who.incident || pardoned)
        return {};
    add(who, charge.points, charge.weight, charge.time,
        charge.since == WallTime{} ? charge.time : charge.since);
    charge.id = {next_++};
    auto const id = charge.id;
    touched_.push_back({charge.who, charge.weight});
    ring_[id.value % ring_size] = std::move(charge);
    return id;
}

void Ledger::refund(ChargeId id, WallTime now)
{
    auto& charge = ring_[id.value % ring_size];
    if (!id || charge.id != id)
        return;
    auto& who = tree_.ensure(charge.who);
    if (!who.incident)
        add(who, -charge.points, charge.weight, now, now);
    charge.id = {};
}

void Ledger::settle(Node& top, WallTime now)
{
    auto const hard = top.account.hard;
    auto const soft = top.account.soft;
    auto take = [&](Account& account) {
        account.fade(now, settings_);
        account.hard = std::max(0.0, account.hard - hard);
        account.soft = std::max(0.0, account.soft - soft);
    };
    take(whole_set_);
    for (Node* node = tree_.above(top); node != nullptr; node = tree_.above(*node))
        take(node->account);
}

std::vector<Charge const*> Ledger::charges_below(Node const& top) const
{
    std::vector<Charge const*> out;
    for (auto const& charge : ring_)
        if (auto* who = charge.id ? tree_.find(charge.who) : nullptr;
            who != nullptr && !who->incident && tree_.descends(*who, top))
            out.push_back(&charge);
    std::ranges::sort(out, {}, [](Charge const* c) { return c->id; });
    return out;
}

std::vector<Charge const*> Ledger::uncondemned_charges() const
{
    std::vector<Charge const*> out;
    for (auto const& charge : ring_)
        if (auto* who = charge.id ? tree_.find(charge.who) : nullptr; who != nullptr && !who->incident)
            out.push_back(&charge);
    std::ranges::sort(out, {}, [](Charge const* c) { return c->id; });
    return out;
}

} // namespace tocsin::verdict
