// SPDX-License-Identifier: Apache-2.0
// verdict/signals/displacement.h -- another file, with other content, took a file's name.
#pragma once

#include "tocsin/verdict/places.h"
#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class Displacement final : public Signal {
public:
    SignalId id() const override { return SignalId::displacement; }
    Claim on_succession(Case const& at, Succession const& succession) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    static constexpr std::size_t names_remembered = 4'096;
    Places<WallTime> resealed_{names_remembered};
};

} // namespace tocsin::verdict
