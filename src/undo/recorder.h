// SPDX-License-Identifier: Apache-2.0
// undo/recorder.h -- tells the journal what an undo did, so that the next one understands it.
//
// Activities are the `undo_process`'s. A new inode that takes an object's place is recorded as
// `renamed` from nowhere to that place, with the old object as `displaced`: the journal's only
// word for "this is that object now". Each restored object gets a version of occasion `undo`.
// The guard's witness tells of the names a second time, by the same process.
//
// Threads: add*() from any thread; flush() from the journal's.
#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "tocsin/journal/journal.h"
#include "tocsin/undo/plan.h"
#include "tocsin/undo/tree.h"

namespace tocsin::undo {

class Recorder {
public:
    // Without a journal nothing is kept, and nothing told. `restored` as in Options.
    Recorder(Plan const& plan, journal::Journal* journal, std::function<void(event::Version const&)> restored)
        : plan_(plan), journal_(journal), restored_(std::move(restored))
    {
    }

    // `there` stands at `place` now, instead of `before` (0: instead of nothing known).
    void add_in_place(
        Found const& there, event::ObjectId before, event::Place const& place, Spot const& spot);
    // The same where `before` was another object, which is gone by this name.
    void add_further_name(
        Found const& there, event::ObjectId before, event::Place const& place, Spot const& spot);
    void add_version(Found const& there, Spot const& spot, event::Version const& goal);
    void add_moved(Step const& step);
    void add_removed(Step const& step);
    void add_linked(Step const& step);

    Result<void> flush();

private:
    event::Activity activity(event::ActivityKind kind, event::ObjectId object, event::RootId root) const;
    event::Place now_locked(event::Place place) const;
    void push_locked(event::Record record);

    Plan const& plan_;
    journal::Journal* journal_;
    std::function<void(event::Version const&)> restored_;
    std::mutex mutex_;
    std::vector<event::Record> records_;
    std::unordered_map<event::ObjectId, event::ObjectId> next_life_;
};

} // namespace tocsin::undo
