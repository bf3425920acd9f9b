// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/table.h"

#include <algorithm>

#include "tocsin/base/log.h"
#include "tocsin/cli/words.h"

namespace tocsin::cli {

namespace {

constexpr std::size_t cell_limit_bytes = 4096;

} // namespace

void Table::add(std::vector<std::string> cells)
{
    for (auto& cell : cells)
        cell = printable(cell, cell_limit_bytes);
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t indent) const
{
    std::vector<std::size_t> widths;
    std::vector<std::string> titles;
    for (auto const& column : columns_) {
        widths.push_back(display_columns(column.title));
        titles.push_back(column.title);
    }
    for (auto const& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_columns(row[i]));
    }
    std::string out;
    auto write_row = [&](std::vector<std::string> const& row) {
        std::string line(indent, ' ');
        for (std::size_t i = 0; i < row.size(); ++i) {
            std::string padding(widths[i] - display_columns(row[i]), ' ');
            line += columns_[i].align == Align::right ? padding + row[i] : row[i] + padding;
            line += "  ";
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    };
    write_row(titles);
    for (auto const& row : rows_)
        write_row(row);
    return out;
}

} // namespace tocsin::cli
