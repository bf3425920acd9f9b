// SPDX-License-Identifier: Apache-2.0
// cli/table.h -- plain aligned columns for people; text from outside is quoted on the way in.
#pragma once

#include <string>
#include <vector>

namespace tocsin::cli {

enum class Align { left, right };

class Table {
public:
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) { }

    // REQUIRES: a cell for each column. Control characters are shown as \xNN.
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }

    // A line for the titles and one for each row, each after `indent` spaces.
    std::string text(std::size_t indent) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace tocsin::cli
