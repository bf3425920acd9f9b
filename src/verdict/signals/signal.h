// SPDX-License-Identifier: Apache-2.0
// verdict/signals/signal.h -- what one kind of evidence looks like to the verdict.
//
// The verdict sorts what happens into losses (an object is gone or empty and nothing stands in
// its place), changes (a content took the place of another) and plain activities, and shows
// each to the signals in turn. A signal charges points to the ledger; it knows no thresholds.
//
// Threads: the verdict's. Bounds: what a signal remembers is bounded by itself.
#pragma once

#include <span>
#include <string>

#include "tocsin/catalog/catalog.h"
#include "tocsin/verdict/allowances/past_errands.h"
#include "tocsin/verdict/content.h"
#include "tocsin/verdict/ledger.h"
#include "tocsin/verdict/private_files.h"
#include "tocsin/verdict/provenance.h"
#include "tocsin/verdict/reads.h"
#include "tocsin/verdict/young_files.h"

namespace tocsin::verdict {

// What a signal may look at and speak to. Borrowed for one call.
struct Case {
    catalog::Catalog const& catalog;
    ProcessTree& tree;
    Ledger& ledger;
    Reads const& reads;
    Provenance& provenance;
    PastErrands& past_errands;
    PrivateFiles const& private_files;
    YoungFiles const& young_files;
    Settings const& settings;
    WallTime now;
};

enum class How : std::uint8_t { deleted, moved_out, emptied, displaced };

// An object that was somebody's lost its last name or all of its content.
struct Loss {
    event::ObjectId object;
    event::Place place;
    std::string path;
    event::ProcessKey who;
    WallTime time{};
    How how = How::deleted;
    event::ObjectKind kind = event::ObjectKind::regular;
    double worth = 1; // 0 to 1: what it is to others than `who`
    bool is_cheap = false; // can be made again: a build product, a cache, an empty file
    bool has_content = false; // `before` is known
    Content before;
    std::int64_t mtime_ns = 0;
    catalog::Mark mark;
};

enum class Relation : std::uint8_t {
    overwritten, // the same object
    displaced, // another object under the same name
    copied, // another object beside it
};

// `after` took the place of what was lost or overwritten.
struct Succession {
    Loss const& lost;
    Relation relation = Relation::overwritten;
    event::ObjectId successor;
    WallTime since{}; // when the successor was begun
    Change change;
    Content const& after;
    event::ProcessKey refilled_by; // who filled what `lost.who` had emptied; none where it was not emptied
};

enum class Claim { taken, open }; // taken: no further signal is asked

class Signal {
public:
    virtual ~Signal() = default;
    virtual SignalId id() const = 0;

    virtual Claim on_loss(Case const&, Loss const&) { return Claim::open; }
    virtual void on_return(Case const&, Loss const&) { } // a lost name is back, by the same hand
    virtual Claim on_succession(Case const&, Succession const&) { return Claim::open; }
    // Something new stands where `moved` stood before it was renamed away, by the same hand.
    virtual void on_refill(Case const&, event::ObjectId) { }
    // Before the catalog takes it.
    virtual void on_activity(Case const&, event::Activity const&) { }
    virtual void on_version(Case const&, event::Version const&) { }

    // One sentence over charges of this signal; never empty ones.
    virtual std::string reason(Case const&, std::span<Charge const* const> charges) const = 0;
};

// "3 files in '/srv/docs'", "5 files in 4 folders below '/srv'"
std::string files_and_folders(std::span<Charge const* const> charges);
// What the heaviest of the charges say became of the content; their `kind` is a Became.
std::string what_became(std::span<Charge const* const> charges);
// The lowest process that both come from; `one` where there is none below the boundary.
event::ProcessKey both(Case const& at, event::ProcessKey one, event::ProcessKey other);

// The charge that a succession makes.
Charge charge_for(Case const& at, SignalId signal, Succession const& succession);

} // namespace tocsin::verdict
