// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/words.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>

namespace tocsin::cli {

namespace {

// The power of 1,024 that a unit's letters stand for; -1 for none.
int power_of(std::string_view unit)
{
    constexpr std::string_view letters = "KMGTP";
    if (unit.empty() || unit == "B")
        return 0;
    auto letter = letters.find(static_cast<char>(unit[0] & ~0x20));
    auto rest = unit.substr(1);
    bool known_ending = rest.empty() || rest == "B" || rest == "iB";
    return letter == std::string_view::npos || !known_ending ? -1 : static_cast<int>(letter) + 1;
}

} // namespace

std::string grouped(std::uint64_t number)
{
    auto digits = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

std::string microsecond_words(std::uint64_t us)
{
    if (us < 1000)
        return fmt::format("{} µs", us);
    if (us < 1'000'000)
        return fmt::format("{:.1f} ms", static_cast<double>(us) / 1e3);
    return fmt::format("{:.1f} s", static_cast<double>(us) / 1e6);
}

std::string short_time(std::string_view iso8601)
{
    if (iso8601.size() < 20 || iso8601[10] != 'T')
        return std::string(iso8601);
    return fmt::format("{} {}Z", iso8601.substr(0, 10), iso8601.substr(11, 8));
}

Result<std::uint64_t> parse_size(std::string_view text)
{
    auto wrong = [&] {
        return Error(Errc::invalid, fmt::format("'{}' is no size (such as 500M or 10G)", text));
    };
    double number = 0;
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || number < 0)
        return wrong();
    auto power = power_of(text.substr(static_cast<std::size_t>(end - text.data())));
    if (power < 0)
        return wrong();
    for (int i = 0; i < power; ++i)
        number *= 1024;
    if (!(number < 9e18))
        return wrong();
    return static_cast<std::uint64_t>(number);
}

Result<std::chrono::seconds> parse_duration(std::string_view text)
{
    std::uint32_t number = 0;
    auto const* const last = text.data() + text.size();
    auto [end, problem] = std::from_chars(text.data(), last, number);
    auto const unit = std::string_view(end, last);
    if (problem == std::errc() && (unit == "s" || (unit.empty() && number == 0)))
        return std::chrono::seconds(number);
    if (problem == std::errc() && unit == "m")
        return std::chrono::minutes(number);
    if (problem == std::errc() && unit == "h")
        return std::chrono::hours(number);
    return Error(Errc::invalid, fmt::format("'{}' is no time (such as 90s, 30m or 2h)", text));
}

std::string refuse_what_is_no_duration(std::string const& text)
{
    auto duration = parse_duration(text);
    return duration.ok() ? std::string() : duration.error().message();
}

std::size_t display_columns(std::string_view text)
{
    auto begins_code_point = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_code_point));
}

Result<std::string> absolute_path(std::string const& path)
{
    namespace fs = std::filesystem;
    if (path.empty())
        return Error(Errc::invalid, "an empty path");
    std::error_code problem;
    auto whole = fs::absolute(path, problem);
    if (problem)
        return Error::from_errno(problem.value(), "'" + path + "'");
    if (!whole.has_filename()) // ends in a slash
        whole = whole.parent_path();
    bool names_itself = whole.filename() != "." && whole.filename() != "..";
    auto resolved = names_itself && whole.has_filename()
        ? fs::weakly_canonical(whole.parent_path(), problem) / whole.filename()
        : fs::weakly_canonical(whole, problem);
    if (problem)
        return Error::from_errno(problem.value(), "'" + path + "'");
    return resolved.string();
}

std::string refuse_what_is_not_absolute(std::string const& text)
{
    if (text.find('\0') != std::string::npos)
        return "a path has no NUL byte";
    return text.starts_with('/') ? "" : "a path begins with /";
}

std::string refuse_what_is_no_size(std::string const& text)
{
    auto size = parse_size(text);
    return size.ok() ? std::string() : size.error().message();
}

} // namespace tocsin::cli
