// SPDX-License-Identifier: Apache-2.0
// verdict/signals/emptied.h -- documents of which nothing was left but the name.
//
// A deletion can be somebody's tidying up; nobody keeps a photograph or a spreadsheet of no bytes. So it
// counts for more, wherever the files stand. Texts are left to the sweep, which charges nothing again for
// documents: logs are emptied every day.
// A program that saves by emptying a file first fills it again, and what was charged is taken back.
// Bounds: 4,096 charges that can be taken back; with one more all of them are forgotten.
#pragma once

#include <unordered_map>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

bool is_emptied_document(Loss const& loss);

class Emptied final : public Signal {
public:
    SignalId id() const override { return SignalId::emptied; }
    Claim on_loss(Case const& at, Loss const& loss) override;
    void on_return(Case const& at, Loss const& loss) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    std::unordered_map<event::ObjectId, ChargeId> charged_;
};

} // namespace tocsin::verdict
