// SPDX-License-Identifier: Apache-2.0
// verdict/signals/archive_and_delete.h -- files deleted by who had read them and written
// something sealed: one archive for many, or ciphertext under names that tell nothing.
//
// "Who" is narrow on purpose: the deleting process itself, or a process that lived for one or
// few files and shares its starter. A backup that has read everything and written sealed packs
// must not speak against whoever deletes something later.
#pragma once

#include <array>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class ArchiveAndDelete final : public Signal {
public:
    SignalId id() const override { return SignalId::archive_and_delete; }
    Claim on_loss(Case const& at, Loss const& loss) override;
    void on_return(Case const& at, Loss const& loss) override;
    void on_version(Case const& at, event::Version const& version) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    struct Charged {
        event::ObjectId object;
        ChargeId charge;
    };
    std::array<Charged, 256> charged_; // by the object; a newer one takes an older one's slot
};

} // namespace tocsin::verdict
