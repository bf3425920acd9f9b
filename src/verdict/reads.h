// SPDX-License-Identifier: Apache-2.0
// verdict/reads.h -- which process opened an object last, for the newest opens.
//
// Bounds: 65,536 slots by hash; a newer open takes an older one's slot. No allocation.
#pragma once

#include <vector>

#include "tocsin/event/activity.h"

namespace tocsin::verdict {

class Reads {
public:
    struct Read {
        event::ObjectId object;
        event::ProcessKey by;
        WallTime time{};
    };

    Reads() : slots_(65'536) { }

    // Whether this process is a new opener of the object, as far as we remember.
    bool note(event::Activity const& opened)
    {
        auto& slot = slots_[opened.object.value % slots_.size()];
        bool const is_new = slot.object != opened.object || slot.by != opened.process;
        slot = {opened.object, opened.process, opened.time};
        return is_new;
    }
    // None where it is not remembered.
    Read const* last(event::ObjectId object) const
    {
        auto const& slot = slots_[object.value % slots_.size()];
        return slot.object == object ? &slot : nullptr;
    }

private:
    std::vector<Read> slots_;
};

} // namespace tocsin::verdict
