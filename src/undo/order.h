// SPDX-License-Identifier: Apache-2.0
// undo/order.h -- sorting that leaves equals in their order.
//
// std::stable_sort of libstdc++ 12 does not compile without warnings in clang 19.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "tocsin/undo/plan.h"

namespace tocsin::undo {

// Ascending by `key_of(item)`, which is asked once for each.
template <typename Item, typename KeyOf>
void sort_stably(std::span<Item> items, KeyOf key_of)
{
    std::vector<std::pair<decltype(key_of(items[0])), std::size_t>> order;
    order.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
        order.emplace_back(key_of(items[i]), i);
    std::ranges::sort(order);
    std::vector<Item> sorted;
    sorted.reserve(items.size());
    for (auto const& [key, i] : order)
        sorted.push_back(std::move(items[i]));
    std::ranges::move(sorted, items.begin());
}

inline void sort_by_phase(std::vector<Step>& steps)
{
    sort_stably(std::span(steps), [](Step const& step) { return step.phase; });
}

// The tree itself comes last.
inline void sort_deepest_first(std::span<Step> steps)
{
    sort_stably(steps, [](Step const& step) {
        return step.spot.path.empty() ? 1 : -std::ranges::count(step.spot.path, '/');
    });
}

} // namespace tocsin::undo
