// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/past_errands.h"

#include <algorithm>

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_processes = 8'192;
constexpr std::size_t most_steps = 64;
constexpr std::uint64_t started_shortly_before_ticks = 60'000; // ten minutes

} // namespace

void PastErrands::note(event::ProcessKey who, WallTime now)
{
    auto known = past_.find(who);
    if (known == past_.end()) {
        if (past_.size() >= most_processes)
            past_.erase(std::ranges::min_element(
                past_, {}, [](auto const& item) { return item.second.errand.until; }));
        known = past_.try_emplace(who).first;
        known->second.errand = {who, now, now};
        known->second.line = tree_.ancestors(who);
        known->second.line.insert(known->second.line.begin(), who);
        known->second.steps = steps_before(who);
    }
    auto& past = known->second;
    if (past.errand.until + settings_.sweep_memory < now) { // it has long been there
        past.errand.since = now;
        past.files = 0;
    }
    past.errand.until = now;
    ++past.files;
}

std::vector<event::ProcessKey> PastErrands::steps_before(event::ProcessKey who) const
{
    std::vector<event::ProcessKey> out;
    auto const* node = tree_.find(who);
    if (node == nullptr)
        return out;
    for (auto const* step : tree_.steps_before(*node))
        for (auto const& key : tree_.subtree(step->process.key))
            if (out.size() < most_steps)
                out.push_back(key);
    return out;
}

bool PastErrands::is_of_one_session(Past const& past, Node const& top) const
{
    Node const* meeting = &top;
    while (meeting != nullptr && std::ranges::find(past.line, meeting->process.key) == past.line.end())
        meeting = tree_.above(*meeting);
    if (meeting == nullptr)
        return false;
    auto const key = meeting->process.key;
    if (meeting == &top || key == past.errand.process)
        return true;
    auto const& executable = meeting->process.executable;
    auto const* above = tree_.above(*meeting);
    // sshd has a process of the same program for each client, too, in which all that this one does is one session.
    if (has_a_child_for_each_client(executable)
        && (above == nullptr || above->process.executable != executable))
        return false;
    return is_stand_in(executable)
        || key.start_ticks + started_shortly_before_ticks >= past.errand.process.start_ticks;
}

std::vector<PastErrands::Past const*> PastErrands::before(Node const& top, WallTime damage_began) const
{
    std::vector<Past const*> out;
    for (auto const& [process, past] : past_)
        if (past.errand.until + settings_.sweep_memory >= damage_began && is_of_one_session(past, top))
            out.push_back(&past);
    std::ranges::sort(out, {}, [](Past const* past) { return past->errand.since; });
    return out;
}

void PastErrands::forget(std::span<event::Errand const> errands)
{
    for (auto const& errand : errands)
        past_.erase(errand.process);
}

} // namespace tocsin::verdict
