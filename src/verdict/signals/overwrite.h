// SPDX-License-Identifier: Apache-2.0
// verdict/signals/overwrite.h -- a file's content was turned into something else in place.
//
// Bounds: remembers what 65,536 objects were charged, so that a file written in many pieces
// counts once.
#pragma once

#include <unordered_map>

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
    std::unordered_map<event::ObjectId, Charged> charged_;
};

} // namespace tocsin::verdict
