// SPDX-License-Identifier: Apache-2.0
// verdict/signals/overwrite.h -- a file's content was turned into something else in place.
//
// ansible-vault shreds a file before it writes what it made of it under the same name: random bytes in
// between are no work of their own then, and what stands there in the end is judged against what was there
// in the beginning.
//
// Bounds: remembers what 65,536 objects were charged, so that a file written in many pieces
// counts once; of 1,024 objects what was in them before.
#pragma once

#include <unordered_map>
#include <vector>

#include "tocsin/verdict/places.h"
#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Overwrite final : public Signal {
public:
    SignalId id() const override { return SignalId::overwrite; }
    Claim on_succession(Case const& at, Succession const& succession) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    struct Charged {
        WallTime time{};
        double points = 0;
    };
    struct Shredded {
        event::ObjectId object;
        event::ProcessKey who;
        WallTime time{}; // of the newest charge
        Content before; // the first of them
        std::vector<ChargeId> charges;
        bool is_replaced = false; // what it was overwritten with is no loss any more
    };
    Shredded& slot_of(event::ObjectId object) { return shredded_[object.value % shredded_.size()]; }
    void note_shredded(Case const& at, Loss const& lost, ChargeId charge);
    Claim replace_shredded(Case const& at, Succession const& succession);

    static constexpr std::size_t shredded_remembered = 1'024;
    std::unordered_map<event::ObjectId, Charged> charged_;
    std::vector<Shredded> shredded_{shredded_remembered}; // by hash; a newer one takes an older one's slot
    Places<WallTime> by_purpose_{shredded_remembered}; // names whose files were encrypted by purpose
};

} // namespace tocsin::verdict
