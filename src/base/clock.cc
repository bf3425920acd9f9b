// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/clock.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

namespace tocsin {
namespace chr = std::chrono;

WallTime boot_time()
{
    timespec since_boot{};
    (void)::clock_gettime(CLOCK_BOOTTIME, &since_boot); // cannot fail for this clock
    return wall_now() - std::chrono::nanoseconds(to_nanoseconds(since_boot));
}

namespace {

std::chrono::nanoseconds tick()
{
    static auto const out = std::chrono::nanoseconds(std::chrono::seconds(1)) / ::sysconf(_SC_CLK_TCK);
    return out;
}

} // namespace

std::uint64_t to_ticks(std::chrono::nanoseconds since_boot)
{
    return static_cast<std::uint64_t>(since_boot / tick());
}

WallTime time_of_ticks(std::uint64_t since_boot)
{
    return boot_time() + tick() * static_cast<std::int64_t>(since_boot);
}

std::uint64_t ticks_since_boot(WallTime time)
{
    return to_ticks(std::max(time - boot_time(), std::chrono::nanoseconds(0)));
}

std::string to_iso8601(WallTime time)
{
    auto day = chr::floor<chr::days>(time);
    chr::year_month_day date(day);
    chr::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
        clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

namespace {

// Takes fields off the front of a text; once something does not fit, it stays failed.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) { }
    int digits(std::size_t width)
    {
        int value = 0;
        if (rest_.size() < width
            || std::from_chars(rest_.data(), rest_.data() + width, value).ptr != rest_.data() + width
            || rest_[0] == '-') {
            failed_ = true;
            return 0;
        }
        rest_.remove_prefix(width);
        return value;
    }
    bool accept(std::string_view any_of)
    {
        if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos)
            return false;
        taken_ = rest_[0];
        rest_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view any_of) { failed_ |= !accept(any_of); }
    std::int64_t fraction_ns()
    {
        std::int64_t value = 0;
        std::int64_t scale = 100'000'000;
        bool any = false;
        for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1), any = true) {
            value += (rest_[0] - '0') * scale;
            scale /= 10;
        }
        failed_ |= !any;
        return value;
    }
    char taken() const { return taken_; }
    bool done() const { return rest_.empty() && !failed_; }

private:
    std::string_view rest_;
    char taken_ = 0;
    bool failed_ = false;
};

std::optional<WallTime> parse_epoch(std::string_view text)
{
    std::int64_t seconds = 0;
    auto const* end = text.data() + text.size();
    auto [ptr, ec] = std::from_chars(text.data() + 1, end, seconds);
    if (ec != std::errc{} || ptr == text.data() + 1 || seconds > 9'000'000'000 || seconds < -9'000'000'000)
        return {};
    std::int64_t fraction = 0;
    if (ptr != end) {
        Scanner rest(std::string_view(ptr, end));
        rest.expect(".");
        fraction = rest.fraction_ns();
        if (!rest.done())
            return {};
    }
    return from_nanoseconds(seconds * 1'000'000'000 + fraction);
}

std::optional<WallTime> parse_calendar(std::string_view text)
{
    Scanner scan(text);
    int year = scan.digits(4);
    scan.expect("-");
    int month = scan.digits(2);
    scan.expect("-");
    int day = scan.digits(2);
    chr::nanoseconds of_day{0};
    if (scan.accept("T t")) {
        of_day += chr::hours(scan.digits(2));
        scan.expect(":");
        of_day += chr::minutes(scan.digits(2));
        if (scan.accept(":")) {
            of_day += chr::seconds(scan.digits(2));
            if (scan.accept(".,"))
                of_day += chr::nanoseconds(scan.fraction_ns());
        }
        if (!scan.accept("Zz") && scan.accept("+-")) {
            int sign = scan.taken() == '-' ? -1 : 1;
            chr::minutes offset = chr::hours(scan.digits(2));
            scan.accept(":");
            offset += chr::minutes(scan.digits(2));
            of_day -= sign * offset;
        }
    }
    chr::year_month_day date{
        chr::year(year), chr::month(static_cast<unsigned>(month)), chr::day(static_cast<unsigned>(day))};
    if (!scan.done() || !date.ok() || year < 1970 || year > 2200)
        return {};
    return chr::sys_days(date) + of_day;
}

} // namespace

Result<WallTime> parse_time(std::string_view text)
{
    auto time = !text.empty() && text[0] == '@' ? parse_epoch(text) : parse_calendar(text);
    if (!time)
        return Error(Errc::invalid,
            "'" + std::string(text.substr(0, 64)) + "' is not a time like 2026-11-24T08:04:41Z");
    return *time;
}

} // namespace tocsin
