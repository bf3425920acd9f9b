// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/go_text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <iterator>
#include <sys/stat.h>

#include "tocsin/base/utf8.h"

namespace tocsin::vault {
namespace {

constexpr char32_t bad_rune = 0xFFFD;

struct Rune {
    char32_t value;
    std::size_t bytes; // 1 with bad_rune: a byte that belongs to no character
};

// As Go's utf8.DecodeRuneInString. REQUIRES: text not empty.
Rune decode_rune(std::string_view text)
{
    auto const character = first_character(text);
    return character ? Rune{character->value, character->bytes} : Rune{bad_rune, 1};
}

// Go's short escapes of control characters, 0 where it has none.
char short_escape(char32_t c)
{
    constexpr std::string_view letters = "abtnvfr"; // 7 to 13
    return c >= 7 && c <= 13 ? letters[c - 7] : '\0';
}

void append_json_ascii(std::string& out, char c)
{
    switch (c) {
    case '"':
    case '\\':
        out += '\\';
        out += c;
        return;
    case '\b':
    case '\f':
    case '\n':
    case '\r':
    case '\t':
        out += '\\';
        out += short_escape(static_cast<char32_t>(c));
        return;
    default:
        if (c < 0x20 || c == '<' || c == '>' || c == '&')
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        else
            out += c;
    }
}

// strconv.Quote without the quotes.
std::string quote(std::string_view name)
{
    std::string out;
    while (!name.empty()) {
        auto const [rune, bytes] = decode_rune(name);
        auto to = std::back_inserter(out);
        if (rune == bad_rune && bytes == 1)
            fmt::format_to(to, "\\x{:02x}", static_cast<unsigned char>(name[0]));
        else if (rune == '"' || rune == '\\')
            (out += '\\') += static_cast<char>(rune);
        else if (go_prints(rune))
            out += name.substr(0, bytes);
        else if (short_escape(rune) != 0)
            (out += '\\') += short_escape(rune);
        else if (rune < ' ' || rune == 0x7f)
            fmt::format_to(to, "\\x{:02x}", static_cast<unsigned>(rune));
        else if (rune < 0x10000)
            fmt::format_to(to, "\\u{:04x}", static_cast<unsigned>(rune));
        else
            fmt::format_to(to, "\\U{:08x}", static_cast<unsigned>(rune));
        name.remove_prefix(bytes);
    }
    return out;
}

// Takes `digits` digits of `base` off the front.
Result<char32_t> take_number(std::string_view& text, std::size_t digits, int base)
{
    std::uint32_t value = 0;
    if (text.size() < digits
        || std::from_chars(text.data(), text.data() + digits, value, base).ptr != text.data() + digits)
        return Error(Errc::corrupt, "a name has a broken escape");
    text.remove_prefix(digits);
    return value;
}

// The escape after a backslash.
Result<void> unescape(std::string_view& rest, std::string& out)
{
    constexpr std::string_view letters = "abtnvfr";
    if (rest.empty())
        return Error(Errc::corrupt, "a name ends in a backslash");
    char const c = rest[0];
    if (auto const at = letters.find(c); at != std::string_view::npos) {
        out += static_cast<char>(7 + at);
    } else if (c == '\\' || c == '"') {
        out += c;
    } else if (c == 'x') {
        rest.remove_prefix(1);
        auto const byte = TRY(take_number(rest, 2, 16));
        out += static_cast<char>(byte);
        return {};
    } else if (c >= '0' && c <= '7') {
        auto const byte = TRY(take_number(rest, 3, 8));
        if (byte > 255)
            return Error(Errc::corrupt, "a name has a broken escape");
        out += static_cast<char>(byte);
        return {};
    } else if (c == 'u' || c == 'U') {
        rest.remove_prefix(1);
        auto const rune = TRY(take_number(rest, c == 'u' ? 4 : 8, 16));
        if (rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000))
            return Error(Errc::corrupt, "a name has an escape of no character");
        append_character(out, rune);
        return {};
    } else {
        return Error(Errc::corrupt, "a name has an unknown escape");
    }
    rest.remove_prefix(1);
    return {};
}

struct ModeBit {
    std::uint32_t go;
    mode_t unix_mode;
};
constexpr std::uint32_t go_dir = 1U << 31;
constexpr std::uint32_t go_symlink = 1U << 27;
constexpr std::uint32_t go_device = 1U << 26;
constexpr std::uint32_t go_named_pipe = 1U << 25;
constexpr std::uint32_t go_socket = 1U << 24;
constexpr std::uint32_t go_char_device = 1U << 21;
constexpr std::uint32_t go_type_mask =
    go_dir | go_symlink | go_device | go_named_pipe | go_socket | go_char_device;
constexpr ModeBit file_types[] = {{go_dir, S_IFDIR}, {go_symlink, S_IFLNK}, {go_device, S_IFBLK},
    {go_named_pipe, S_IFIFO}, {go_socket, S_IFSOCK}, {go_device | go_char_device, S_IFCHR}, {0, S_IFREG}};
constexpr ModeBit special_bits[] = {{1U << 23, S_ISUID}, {1U << 22, S_ISGID}, {1U << 20, S_ISVTX}};

} // namespace

void append_json_string(std::string& out, std::string_view text)
{
    out += '"';
    while (!text.empty()) {
        auto const [rune, bytes] = decode_rune(text);
        if (rune < 0x80)
            append_json_ascii(out, text[0]);
        else if (rune == bad_rune && bytes == 1)
            out += "\\ufffd";
        else if (rune == 0x2028 || rune == 0x2029)
            out += rune == 0x2028 ? "\\u2028" : "\\u2029";
        else
            out += text.substr(0, bytes);
        text.remove_prefix(bytes);
    }
    out += '"';
}

void append_quoted_name(std::string& out, std::string_view name)
{
    append_json_string(out, quote(name));
}

Result<std::string> unquote_name(std::string_view quoted)
{
    std::string out;
    out.reserve(quoted.size());
    while (!quoted.empty()) {
        auto const plain = std::min(quoted.find_first_of("\\\"\n"), quoted.size());
        out += quoted.substr(0, plain);
        quoted.remove_prefix(plain);
        if (quoted.empty())
            break;
        if (quoted[0] != '\\')
            return Error(Errc::corrupt, "a name has a quote or line end in it");
        quoted.remove_prefix(1);
        TRY(unescape(quoted, out));
    }
    return out;
}

void append_time(std::string& out, WallTime time)
{
    auto text = to_iso8601(time);
    text.pop_back(); // 'Z'
    while (text.back() == '0')
        text.pop_back();
    if (text.back() == '.')
        text.pop_back();
    out += text;
    out += 'Z';
}

Result<WallTime> parse_go_time(std::string_view text)
{
    namespace chr = std::chrono;
    Error const bad(Errc::corrupt, "a time is not as RFC 3339 has it");
    bool failed = false;
    auto const number = [&](std::size_t digits) {
        int value = 0;
        if (text.size() < digits || text[0] == '-'
            || std::from_chars(text.data(), text.data() + digits, value).ptr != text.data() + digits) {
            failed = true;
            return 0;
        }
        text.remove_prefix(digits);
        return value;
    };
    auto const expect = [&](char c) {
        if (text.empty() || text[0] != c)
            failed = true;
        else
            text.remove_prefix(1);
    };
    chr::year const year(number(4));
    expect('-');
    chr::month const month(static_cast<unsigned>(number(2)));
    expect('-');
    chr::day const day(static_cast<unsigned>(number(2)));
    expect('T');
    std::int64_t seconds = number(2) * 3600;
    expect(':');
    seconds += number(2) * 60;
    expect(':');
    seconds += number(2);
    std::int64_t nanoseconds = 0;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        std::int64_t scale = 100'000'000;
        for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), scale /= 10)
            nanoseconds += (text[0] - '0') * scale;
    }
    if (text != "Z") {
        int const sign = text.starts_with('-') ? -1 : 1;
        expect(sign < 0 ? '-' : '+');
        seconds -= sign * number(2) * 3600;
        expect(':');
        seconds -= sign * number(2) * 60;
        failed |= !text.empty();
    }
    auto const date = chr::year_month_day(year, month, day);
    if (failed || !date.ok())
        return bad;
    constexpr std::int64_t limit = 106'751LL * 86400; // whole days that fit, either side of 1970
    seconds += static_cast<std::int64_t>(chr::sys_days(date).time_since_epoch().count()) * 86400;
    return from_nanoseconds(std::clamp(seconds, -limit, limit) * 1'000'000'000 + nanoseconds);
}

std::uint32_t to_go_mode(mode_t mode)
{
    std::uint32_t out = mode & 0777;
    for (auto const& type : file_types) {
        if ((mode & S_IFMT) == type.unix_mode)
            out |= type.go;
    }
    for (auto const& bit : special_bits) {
        if ((mode & bit.unix_mode) != 0)
            out |= bit.go;
    }
    return out;
}

mode_t from_go_mode(std::uint32_t mode)
{
    mode_t out = mode & 0777;
    for (auto const& type : file_types) {
        if ((mode & go_type_mask) == type.go)
            out |= type.unix_mode;
    }
    for (auto const& bit : special_bits) {
        if ((mode & bit.go) != 0)
            out |= bit.unix_mode;
    }
    return out;
}

} // namespace tocsin::vault
