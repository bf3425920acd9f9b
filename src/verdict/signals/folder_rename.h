// SPDX-License-Identifier: Apache-2.0
// verdict/signals/folder_rename.h -- a folder that holds many files was renamed or moved away.
//
// One rename is no damage that a freeze could limit, and people do it; it is worth a note that
// can be undone.
#pragma once

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class FolderRename final : public Signal {
public:
    SignalId id() const override { return SignalId::folder_rename; }
    void on_activity(Case const& at, event::Activity const& activity) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;
};

} // namespace tocsin::verdict
