// SPDX-License-Identifier: Apache-2.0
// verdict/signals/notes.h -- the same new small text laid into many folders.
//
// Only a booster: it counts beside harder evidence against the same actor, and never for more
// than `notes_at_most` (a licence text lies in many folders too).
//
// Bounds: remembers 256 texts.
#pragma once

#include <unordered_map>
#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Notes final : public Signal {
public:
    SignalId id() const override { return SignalId::notes; }
    void on_version(Case const& at, event::Version const& version) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    struct Text {
        std::vector<event::ObjectId> folders; // at most 8
        double charged = 0;
    };
    std::unordered_map<Sha256, Text> texts_;
};

} // namespace tocsin::verdict
