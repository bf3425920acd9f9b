// SPDX-License-Identifier: Apache-2.0
// journal/reading.h -- from rows that hold a record's body back to values.
#pragma once

#include <optional>
#include <vector>

#include "tocsin/event/record.h"
#include "tocsin/journal/sqlite.h"

namespace tocsin::journal {

// A body that decodes to another kind than its index says is `corrupt`.
template <typename T>
Result<T> value_of(ByteView body)
{
    auto record = TRY(event::decode(body));
    if (auto* value = std::get_if<T>(&record))
        return std::move(*value);
    return Error(Errc::corrupt, "an index of the journal names a record of another kind");
}

// REQUIRES of each row: the body stands in column 0.
template <typename T>
Result<std::vector<T>> all_of(Query rows)
{
    std::vector<T> out;
    while (true) {
        bool more = TRY(rows.next());
        if (!more)
            return out;
        auto value = TRY(value_of<T>(rows.blob(0)));
        out.push_back(std::move(value));
    }
}

template <typename T>
Result<std::optional<T>> first_of(Query rows)
{
    bool found = TRY(rows.next());
    if (!found)
        return std::optional<T>();
    auto value = TRY(value_of<T>(rows.blob(0)));
    return std::optional<T>(std::move(value));
}

} // namespace tocsin::journal
