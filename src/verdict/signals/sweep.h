// SPDX-License-Identifier: Apache-2.0
// verdict/signals/sweep.h -- files deleted or emptied one after another, none left between.
//
// Who destroys a folder takes every file in the order in which it goes through the folder: by
// name, by inode or as readdir lists them. Who tidies up skips some. So the last deletions of a
// folder are looked at together, whoever did them, before each is charged:
//   contiguous  nothing survives between them in at least one order
//   selective   they follow an order and skip; where all that was skipped is newer than what
//               went, the deleter chooses by age, and what is old enough costs nothing after
//   interrupted something survives between a few: nothing is charged yet
//   unordered   no order that we know explains them: less for each
// Points follow the newest view: what looked like a sweep and then skips is taken back.
//
// Bounds: 2,048 folders, the last 10 deletions of each.
#pragma once

#include <array>
#include <deque>
#include <unordered_map>
#include <vector>

#include "tocsin/verdict/allowances/errands.h"
#include "tocsin/verdict/signals/rounds.h"

namespace tocsin::verdict {

class Sweep final : public Signal {
public:
    SignalId id() const override { return SignalId::sweep; }
    Claim on_loss(Case const& at, Loss const& loss) override;
    void on_activity(Case const& at, event::Activity const& activity) override;
    void on_return(Case const& at, Loss const& loss) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    enum class Shape : std::uint8_t { undecided, interrupted, contiguous, unordered, selective };

    struct Item {
        catalog::Mark mark;
        event::ProcessKey who;
        event::ObjectId object;
        WallTime time{};
        std::int64_t mtime_ns = 0;
        double worth = 1;
        How how = How::deleted;
        ChargeId charge;
        bool is_hard = false;
        bool is_opaque = false;
    };
    enum class Span { newest, whole };
    struct Extent { // of all that a folder lost, in one order
        catalog::Mark low;
        catalog::Mark high;
    };
    struct Folder {
        std::vector<Item> items; // the newest, oldest first
        std::array<Extent, 3> extents; // by catalog::Order
        catalog::Order fits = catalog::Order::walk; // the order that fitted last
        std::uint64_t lost = 0; // in all, while it is remembered
        std::uint64_t age_asked_at = 0; // `lost` when may_be_by_age() was asked last
        std::int64_t newest_when_asked_ns = INT64_MIN; // `newest_ns` then
        bool may_be_by_age = false; // the answer
        std::uint64_t whole_asked_at = 0; // `lost` when the whole extent was looked at last and did not fit
        unsigned selective_in_a_row = 0;
        std::int64_t newest_ns = INT64_MIN; // mtime, of all that were lost
        // A run goes on until a process takes something that was born after the end of who took the last.
        unsigned runs = 0; // begun so; from most_runs on the last one does not end
        std::uint64_t lost_in_run = 0;
        std::int64_t newest_of_first_ns = INT64_MIN; // mtime, of the first ten of the run
    };
    Folder& folder_of(event::ObjectId folder);
    void learn(Case const& at, Folder const& folder, catalog::Link const* here, Round& round) const;
    void learn_from_last(Case const& at, Round& round, event::ProcessKey who);
    void charge_wanderer(Case const& at, Round const& round);
    void add(Case const& at, Folder& folder, Loss const& loss);
    Shape shape_of(Case const& at, Folder& folder, Loss const& loss, Round& round);
    bool leaves_none_between(
        Case const& at, Folder& folder, Loss const& loss, unsigned tolerated, Span span) const;
    bool may_be_by_age(
        Case const& at, Folder const& folder, catalog::Entry const* parent, std::int64_t newest_ns) const;
    static bool were_made_in_one_go(Case const& at, Folder const& folder);
    bool may_still_be_by_age(Case const& at, Folder& folder, catalog::Entry const* parent) const;
    bool may_be_chance(Case const& at, Folder& folder, Loss const& loss, catalog::Entry const* parent) const;
    void apply(Case const& at, Folder& folder, event::ObjectId id, Shape shape);
    void charge(Case const& at, Item& item, event::ObjectId folder, Shape shape);

    std::unordered_map<event::ObjectId, Folder> folders_;
    std::deque<event::ObjectId> folder_ages_; // oldest first
    Rounds rounds_;
    Errands errands_;
};

} // namespace tocsin::verdict
