// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/account.h"

#include <algorithm>
#include <cmath>

namespace tocsin::verdict {

void Account::fade(WallTime now, Settings const& settings)
{
    auto const passed = now - at;
    if (passed <= std::chrono::milliseconds(10)) // not worth an exponential
        return;
    auto left = [&](std::chrono::nanoseconds half_life) {
        return std::exp2(-static_cast<double>(passed.count()) / static_cast<double>(half_life.count()));
    };
    if (hard != 0)
        hard *= left(settings.hard_half_life);
    if (soft != 0)
        soft *= left(settings.soft_half_life);
    if (hard < 0.01) {
        hard = 0;
        first_damage = {};
    }
    at = now;
}

double Account::total(Settings const& settings) const
{
    return hard + std::min(soft, settings.soft_at_most);
}

} // namespace tocsin::verdict
