// SPDX-License-Identifier: Apache-2.0
// verdict/places.h -- names that were lost or left a moment ago, in case something takes them.
//
// tar unlinks a file and makes it anew; an editor renames the old file away and the new one
// into its place. Only the hand that emptied the place may refill it in this sense; asking
// whose hand it is remains with the caller.
//
// Bounds: `size` slots by hash of the place; a newer one takes an older one's slot.
#pragma once

#include <optional>
#include <vector>

#include "tocsin/event/object.h"

namespace tocsin::verdict {

template <typename Value>
class Places {
public:
    explicit Places(std::size_t size) : slots_(size) { }

    void put(event::Place const& place, Value value)
    {
        auto& slot = slots_[index(place)];
        slot.place = place;
        slot.value = std::move(value);
    }
    Value* find(event::Place const& place)
    {
        auto& slot = slots_[index(place)];
        return slot.value && slot.place == place ? &*slot.value : nullptr;
    }
    void erase(event::Place const& place) { slots_[index(place)].value.reset(); }

private:
    struct Slot {
        event::Place place;
        std::optional<Value> value;
    };
    std::size_t index(event::Place const& place) const
    {
        auto const hash = std::hash<std::string>{}(place.name) * 31 + place.parent.value;
        return hash % slots_.size();
    }
    std::vector<Slot> slots_;
};

} // namespace tocsin::verdict
