// SPDX-License-Identifier: Apache-2.0
// verdict/signals/same_content.h -- files that held different things hold one and the same now.
//
// Whatever it is that they hold, and however honest it looks: what was in them is gone. A template is
// copied over a few files, a new licence text over older versions of itself; a page that says "moved" over
// pages that are alike. So the first few are free, and what was like the others counts for a part. A
// generator that makes pages anew, some of them equal, makes more different ones; logs that were emptied are
// filled by others than who emptied them.
//
// Bounds: 1,024 contents that took the place of others, of each 8 that were there before; the newest 64 of all.
#pragma once

#include <array>
#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class SameContent final : public Signal {
public:
    SignalId id() const override { return SignalId::same_content; }
    Claim on_succession(Case const& at, Succession const& succession) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    struct Before {
        Sha256 digest;
        event::Sketch sketch{};
    };
    struct Content {
        Sha256 digest;
        WallTime time{}; // of the newest
        std::array<Before, 8> before; // the newest
        std::size_t replaced = 0;
        double different = 0; // how many of them, where like ones count for a part
    };
    // How much `before` differs from what the same content has replaced: 0 where it is one of them.
    static double difference(Content const& slot, verdict::Content const& before);

    // Whether half of what these people put in the place of others lately was not the only one of its kind.
    bool is_mostly_the_same(Case const& at, event::ProcessKey who) const;

    struct Put {
        Sha256 digest;
        event::ProcessKey who;
    };
    std::array<Put, 64> newest_;
    std::size_t put_ = 0;
    std::vector<Content> contents_{1'024}; // by digest; a newer one takes an older one's slot
};

} // namespace tocsin::verdict
