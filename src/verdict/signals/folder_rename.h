// SPDX-License-Identifier: Apache-2.0
// verdict/signals/folder_rename.h -- a folder that holds many files was renamed or moved away.
//
// One rename is no damage that a freeze could limit, and people do it; it is worth a note that
// can be undone. Smaller folders that are moved out of the trees one after another are worth one together.
//
// Bounds: 64 movers, and of each 64 processes; a move counts for ten minutes after the one before.
#pragma once

#include <vector>

#include "tocsin/verdict/signals/signal.h"

namespace tocsin::verdict {

class FolderRename final : public Signal {
public:
    SignalId id() const override { return SignalId::folder_rename; }
    void on_activity(Case const& at, event::Activity const& activity) override;
    std::string reason(Case const& at, std::span<Charge const* const> charges) const override;

private:
    struct Mover { // a process, or who starts one for each folder
        event::ProcessKey who;
        WallTime first{};
        WallTime last{};
        std::uint64_t folders = 0;
        std::uint64_t files = 0;
        std::vector<event::ProcessKey> by;
        bool is_told = false;
    };
    Mover& mover(event::ProcessKey who, WallTime now);
    static void note(Mover& mover, event::Activity const& moved, std::uint64_t files);
    bool tell_together(Case const& at, Mover& mover, Charge charge);

    std::vector<Mover> movers_;
    Mover told_; // the last
};

} // namespace tocsin::verdict
