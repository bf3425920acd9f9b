// SPDX-License-Identifier: Apache-2.0
// verdict/ledger.h -- charges points to a process and to all it came from, and can take them back.
//
// Every charge is kept in a ring with what it was for, so that a decision can say why, and so
// that what turns out to be honest (a deleted name that comes back) costs nothing after all.
//
// Owns the ring. Borrows the tree and the settings. Bounds: the newest 2,048 charges.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tocsin/event/object.h"
#include "tocsin/verdict/lineage.h"

namespace tocsin::verdict {

// In the order of the bits in Node::pardoned.
enum class SignalId : std::uint8_t {
    emptied,
    sweep,
    overwrite,
    displacement,
    copy_and_delete,
    archive_and_delete,
    rights,
    renames,
    notes,
    folder_rename,
    same_content,
    exchange,
};
std::string_view name_of(SignalId signal); // also the name of its file in signals/

using ChargeId = event::StrongId<struct ChargeTag, std::uint64_t>;

struct Charge {
    ChargeId id; // zero: free, or taken back
    event::ProcessKey who;
    WallTime time{};
    WallTime since{}; // when the damage began that this is a part of
    SignalId signal = SignalId::sweep;
    Weight weight = Weight::soft;
    std::uint8_t kind = 0; // what the signal needs to word its reason
    double points = 0;
    event::ObjectId object;
    event::ObjectId folder;
    std::string path; // of the object at that time
};

// Worth a note, without points.
struct Observed {
    Charge charge; // `since` where it began earlier than with this
    std::vector<event::ProcessKey> by; // all who had a hand in it
};

class Ledger {
public:
    Ledger(ProcessTree& tree, Settings const& settings) : tree_(tree), settings_(settings), ring_(ring_size)
    {
    }

    // Adds to `who` and to its ancestors below the boundary. Zero where nothing is charged:
    // `who` is condemned already or was pardoned for this signal.
    ChargeId charge(Charge charge);
    void refund(ChargeId id, WallTime now);

    // Points of a condemned subtree no longer speak against those above it.
    void settle(Node& top, WallTime now);

    void observe(Observed observed) { observed_ = std::move(observed); }
    std::optional<Observed> take_observed() { return std::exchange(observed_, std::nullopt); }

    Account const& whole_set() const { return whole_set_; }

    // Of those in the ring, oldest first; what convicted somebody already is no reason for another.
    std::vector<Charge const*> charges_below(Node const& top) const;
    std::vector<Charge const*> uncondemned_charges() const;

    struct Touch { // a charge that nobody has asked about yet
        event::ProcessKey who;
        Weight weight;
    };
    std::vector<Touch> take_touched() { return std::exchange(touched_, {}); }
    bool touched() const { return !touched_.empty(); }

private:
    static constexpr std::size_t ring_size = 2'048;

    void add(Node& who, double points, Weight weight, WallTime now, WallTime since);

    ProcessTree& tree_;
    Settings const& settings_;
    std::vector<Charge> ring_;
    std::uint64_t next_ = 1;
    Account whole_set_;
    std::optional<Observed> observed_;
    std::vector<Touch> touched_;
};

} // namespace tocsin::verdict
