// SPDX-License-Identifier: Apache-2.0
// verdict/signals/copy_and_delete.h -- a file was deleted after a sealed copy had appeared beside it.
#pragma once

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class CopyAndDelete final : public Signal {
public:
    SignalId id() const override { return SignalId::copy_and_delete; }
    Claim on_succession(Case const& at, Succession const& succession) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;
};

} // namespace tocsin::verdict
