// SPDX-License-Identifier: Apache-2.0
// verdict/signals/exchange.h -- files that hold what others held a moment ago.
//
// Contents were changed among files, or handed on from one to the next: each is as honest as before, and none
// is where anybody looks for it. What a person keeps beside a file (a backup under a longer name, older ones by
// number) and a second tree with the same names are left out: they are filled so, one way, and two that changed theirs
// are not. Files that are equal and are changed alike again and again are too: what a file held itself is not
// another's.
//
// Bounds: 8,192 contents that gave way or arrived in the last hour, and 4,096 objects that were changed.
#pragma once

#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Exchange final : public Signal {
public:
    SignalId id() const override { return SignalId::exchange; }
    Claim on_succession(Case const& at, Succession const& succession) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    struct Seen { // a content in a file: it was there before, or is there now
        Sha256 digest;
        event::ObjectId object;
        event::Place place;
        event::ProcessKey who;
        WallTime time{};
    };
    using Memory = std::vector<Seen>; // by digest; a newer one takes an older one's slot
    static Seen& slot_of(Memory& memory, Sha256 const& digest);
    static bool is_elsewhere(Case const& at, Seen const& seen, Sha256 const& digest, Loss const& lost);
    struct Changed { // in the last hour
        event::ObjectId object;
        WallTime time{};
        Sha256 first; // what it held before the first change
        Sha256 last; // and before the last
        bool has_paid = false;
    };
    Changed& changed(event::ObjectId object, Case const& at);

    static constexpr std::size_t contents_remembered = 4'096;
    Memory gave_way_{contents_remembered};
    Memory arrived_{contents_remembered};
    std::vector<Changed> changed_{contents_remembered}; // by hash; a newer one takes an older one's slot
};

} // namespace tocsin::verdict
