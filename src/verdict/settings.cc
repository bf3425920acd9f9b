// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/settings.h"

#include <random>

namespace tocsin::verdict {

Settings with_chance(std::uint64_t seed)
{
    std::mt19937_64 lot(seed);
    std::uniform_real_distribution<double> around(0.8, 1.2);
    Settings settings;
    for (auto* value : {&settings.share_of_errands, &settings.share_of_trash, &settings.share_of_prunings,
             &settings.share_of_old_mails, &settings.errand_at_least})
        *value *= around(lot);
    return settings;
}

} // namespace tocsin::verdict
