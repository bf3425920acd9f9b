// SPDX-License-Identifier: Apache-2.0
// undo/replay.h -- one object's names in two worlds: the real one, and the one without the actor.
#pragma once

#include <span>

#include "tocsin/undo/history.h"

namespace tocsin::undo {

// Fills in `links` and what goes with them. Borrows the track.
struct Replay {
    Track& track;
    Authorship const& actor;
    event::ActivityId first_touch; // the actor's first on this track

    // In the order of the journal. `actors`: whether the actor did it.
    void apply(event::Activity const& activity, bool actors);
    // `places`: where the journal says that the object is now; it has the last word.
    void finish(std::span<event::Place const> places);

private:
    void gain(event::Activity const& activity, event::Place const& place, bool actors);
    void rename(event::Activity const& activity, bool actors);
    void lose(event::Activity const& activity, event::Place const& place, bool actors);
    void forget_other_names(event::Place const& given);
    void adopt_if_changed();
    Link* at(event::Place const& place);
    Link* lost_at(event::Place const& place);
    Link* ghost_at(event::Place const& place);
    Link* next_life_at(event::Place const& place);
};

// A name the actor gave and a name the actor took are one name that the actor moved.
void pair_names(Track& track);

} // namespace tocsin::undo
