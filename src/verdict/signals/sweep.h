// SPDX-License-Identifier: Apache-2.0
// verdict/signals/sweep.h -- files deleted or emptied one after another, none left between.
//
// Who destroys a folder takes every file in the order in which it goes through the folder: by
// name, by inode or as readdir lists them. Who tidies up skips some. So the last deletions of a
// folder are looked at together, whoever did them: the fewer files survive between them in at
// least one order, the more each weighs. What is skipped and newer than all that went is the
// mark of a cleaner by age. Points follow the newest view: what looked like a sweep and then
// skips is taken back.
//
// Bounds: 2,048 folders, the last 10 deletions of each.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Sweep final : public Signal {
public:
    SignalId id() const override { return SignalId::sweep; }
    Claim on_loss(Case const& at, Loss const& loss) override;
    void on_return(Case const& at, Loss const& loss) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    enum class Shape : std::uint8_t { undecided, contiguous, unordered, selective, by_age };

    struct Item {
        catalog::Mark mark;
        event::ProcessKey who;
        event::ObjectId object;
        std::string path;
        WallTime time{};
        std::int64_t mtime_ns = 0;
        double worth = 1;
        How how = How::deleted;
        ChargeId charge;
        bool is_hard = false;
    };
    struct Folder {
        std::vector<Item> items; // the newest, oldest first
        catalog::Order fits = catalog::Order::walk; // the order that fitted last
        std::uint64_t lost = 0; // in all, while it is remembered
    };
    // Who left files standing elsewhere.
    struct Skipper {
        WallTime time{};
        std::int64_t cutoff_ns = INT64_MIN; // all it took was this old or older
    };

    Folder& folder_of(event::ObjectId folder);
    Skipper const* skipper(Case const& at, event::ProcessKey who) const;
    void note_skipper(event::ProcessKey who, WallTime now, std::int64_t cutoff_ns);
    Shape shape_of(Case const& at, Folder& folder, Loss const& loss);
    bool leaves_none_between(Case const& at, Folder& folder, Loss const& loss) const;
    void apply(Case const& at, Folder& folder, event::ObjectId id, Shape shape);
    void charge(Case const& at, Item& item, event::ObjectId folder, Shape shape);

    std::unordered_map<event::ObjectId, Folder> folders_;
    std::deque<event::ObjectId> folder_ages_; // oldest first
    std::unordered_map<event::ProcessKey, Skipper> skippers_;
};

} // namespace tocsin::verdict
