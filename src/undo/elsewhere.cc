// SPDX-License-Identifier: Apache-2.0
// A plan's states before, as a plan for a directory of their own.
#include <algorithm>
#include <set>

#include "tocsin/undo/act.h"
#include "tocsin/undo/order.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {
namespace {

constexpr event::RootId target_root{1};

class Elsewhere {
public:
    explicit Elsewhere(Plan const& plan) : from_(plan) { }

    Plan make(std::string const& to_dir)
    {
        out_.incident = from_.incident;
        out_.trees = {{target_root, to_dir, {}, {}}};
        for (auto const& before : from_.before)
            add(before);
        sort_deepest_first(directories_);
        out_.steps.insert(out_.steps.end(), directories_.begin(), directories_.end());
        sort_by_phase(out_.steps);
        return std::move(out_);
    }

private:
    Spot spot_of(Spot const& spot) const
    {
        auto whole = absolute(from_, {spot.root, ""});
        auto name = split(whole).name;
        return {target_root, spot.path.empty() ? name : name + "/" + spot.path};
    }

    void make_parents(Spot const& spot)
    {
        auto parent = split(spot.path).directory;
        if (parent.empty() || !made_.insert(parent).second)
            return;
        make_parents({target_root, parent});
        push(StepKind::make_directory, Phase::names, Purpose::passing, {target_root, parent}, nullptr);
    }

    Step& push(StepKind kind, Phase phase, Purpose purpose, Spot spot, SharedVersion goal)
    {
        Step step;
        step.kind = kind;
        step.phase = phase;
        step.purpose = purpose;
        step.object_kind = goal ? goal->kind() : event::ObjectKind::directory;
        step.spot = std::move(spot);
        step.goal = std::move(goal);
        count(out_.counts, purpose);
        out_.steps.push_back(std::move(step));
        return out_.steps.back();
    }

    void add(Before const& before)
    {
        auto spot = spot_of(before.names.front());
        make_parents(spot);
        if (before.version->kind() == event::ObjectKind::directory) {
            if (made_.insert(spot.path).second)
                push(StepKind::make_directory, Phase::names, Purpose::recreated, spot, before.version);
            auto step =
                push(StepKind::set_metadata, Phase::directories, Purpose::passing, spot, before.version);
            out_.steps.pop_back();
            directories_.push_back(std::move(step));
            return;
        }
        std::vector<Spot> others;
        for (std::size_t i = 1; i < before.names.size(); ++i) {
            others.push_back(spot_of(before.names[i]));
            make_parents(others.back());
        }
        auto& step = push(StepKind::write, Phase::contents, Purpose::recreated, spot, before.version);
        step.names = std::move(others);
        step.places.resize(step.names.size() + 1);
        out_.bytes += before.version->metadata.size;
    }

    Plan const& from_;
    Plan out_;
    std::set<std::string> made_;
    std::vector<Step> directories_;
};

} // namespace

Plan elsewhere(Plan const& plan, std::string const& to_dir)
{
    return Elsewhere(plan).make(to_dir);
}

} // namespace tocsin::undo
