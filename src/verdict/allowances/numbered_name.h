// SPDX-License-Identifier: Apache-2.0
// verdict/allowances/numbered_name.h -- names that count: `state.41`, `m.7`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::verdict {

struct NumberedName {
    std::string_view stem; // with its dot; of the name that was given
    std::uint64_t number = 0;
};
// None where it does not end so, or the number is above 64 bits.
std::optional<NumberedName> numbered(std::string_view name);

} // namespace tocsin::verdict
