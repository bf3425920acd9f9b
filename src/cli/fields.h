// SPDX-License-Identifier: Apache-2.0
// cli/fields.h -- reads an answer's JSON for showing: what is missing shows as nothing.
//
// Borrows the value. An answer was made by this project's own code, so a missing field is no
// reason to refuse the rest of it to a person.
#pragma once

#include <string>
#include <string_view>

#include "tocsin/base/json.h"

namespace tocsin::cli {

class Fields {
public:
    explicit Fields(json::value const& value);

    std::string text(std::string_view key) const; // "" where there is none
    std::uint64_t number(std::string_view key) const; // 0
    double real(std::string_view key) const; // 0
    bool yes(std::string_view key) const; // false
    bool has(std::string_view key) const; // there and not null
    json::array const& list(std::string_view key) const; // empty
    Fields object(std::string_view key) const; // empty
    json::object const& all() const { return object_; }

private:
    json::object const& object_;
};

// An array's items; nothing for anything else.
json::array const& items_of(json::value const& value);

// Its texts with commas between them; `none` where there is none.
std::string comma_list(json::array const& texts, std::string_view none);

// A JSON text as bytes (names of files may be no UTF-8).
std::string shown_text(json::value const& value);

} // namespace tocsin::cli
