// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/guard/configuration.h"

#include <charconv>
#include <fmt/format.h>

// toml++ tells what is wrong by throwing: an edge of ours. Version 3.3 also asserts some of what it
// checks a moment later ("[[[["), which would end the program.
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"
#include "tocsin/cli/words.h"
#include "tocsin/respond/allowed.h"
#include "tocsin/respond/never_cut.h"
#include "tocsin/respond/plan.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t largest_bytes = std::size_t{1} << 20;

// toml++ 3.3 is undefined for many characters outside of ASCII wherever it looks for blanks
// (is_non_ascii_horizontal_whitespace). So it is shown none: bytes from 0x80 on, and the percent sign,
// become %HH, and come back from the strings. What others wrote as an escape (\u0025) followed by such two
// digits comes back as that byte, too.
std::string in_ascii(std::string_view text)
{
    std::string out;
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 || c == '%')
            out += fmt::format("%{:02X}", byte);
        else
            out += c;
    }
    return out;
}

std::string from_ascii(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        auto const* digits = text.data() + i + 1;
        bool const is_coded = text[i] == '%' && i + 2 < text.size()
            && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2
            && (byte >= 0x80 || byte == '%');
        out += is_coded ? static_cast<char>(byte) : text[i];
        i += is_coded ? 2 : 0;
    }
    return out;
}

// One file while it is read: knows how to say where something is wrong.
class Reader {
public:
    explicit Reader(std::string path) : path_(std::move(path)) { }

    Result<Configuration> read(toml::table const& file)
    {
        for (auto const& [key, value] : file) {
            if (key != "protect" && key != "isolation")
                return wrong(key.source(),
                    fmt::format("there is no table '{}'; there are [protect] and [isolation]", text_of(key)));
            auto const* table = value.as_table();
            if (table == nullptr)
                return wrong(key.source(), fmt::format("'{0}' is a table: [{0}]", text_of(key)));
            for (auto const& [name, setting] : *table)
                TRY(key == "protect" ? take(name, setting) : take_of_isolation(name, setting));
        }
        return std::move(out_);
    }

    Error wrong(toml::source_region const& where, std::string_view what) const
    {
        return Error(Errc::invalid, fmt::format("{}:{}: {}", printable(path_, 4096), where.begin.line, what));
    }

private:
    Result<void> take(toml::key const& name, toml::node const& value)
    {
        if (name == "paths")
            return take_list(name, value, out_.paths, refuse_what_is_not_absolute);
        if (name == "exclude")
            return take_list(name, value, out_.excludes, &Reader::refuse_empty);
        if (name == "never_cut")
            return take_list(name, value, out_.never_cut, respond::refuse_what_is_no_address);
        if (name == "repository")
            return take_text(name, value, out_.repository, refuse_what_is_not_absolute);
        if (name == "respond")
            return take_text(name, value, out_.respond, respond::refuse_what_is_no_policy);
        if (name == "reserve")
            return take_text(name, value, out_.reserve, refuse_what_is_no_size);
        return wrong(name.source(),
            fmt::format("there is no key '{}' in [protect]; there are paths, exclude, repository, reserve, "
                        "respond and never_cut",
                text_of(name)));
    }

    Result<void> take_of_isolation(toml::key const& name, toml::node const& value)
    {
        if (name == "allow")
            return take_list(name, value, out_.isolation_allow, respond::refuse_what_cannot_be_allowed);
        return wrong(
            name.source(), fmt::format("there is no key '{}' in [isolation]; there is allow", text_of(name)));
    }

    using Check = std::string (*)(std::string const&); // the sentence against it; empty: none

    Result<void> take_text(toml::key const& name, toml::node const& value, std::string& into, Check check)
    {
        auto text = value.value_exact<std::string>();
        if (!text)
            return wrong(
                value.source(), fmt::format("'{}' is a string: {} = \"…\"", text_of(name), text_of(name)));
        *text = from_ascii(*text);
        if (auto sentence = check(*text); !sentence.empty())
            return wrong(value.source(), fmt::format("'{}': {}", text_of(name), sentence));
        into = *std::move(text);
        return {};
    }

    Result<void> take_list(
        toml::key const& name, toml::node const& value, std::vector<std::string>& into, Check check)
    {
        auto const* list = value.as_array();
        if (list == nullptr)
            return wrong(value.source(),
                fmt::format("'{}' is a list of strings: {} = [\"…\"]", text_of(name), text_of(name)));
        for (auto const& item : *list)
            TRY(take_text(name, item, into.emplace_back(), check));
        return {};
    }

    static std::string text_of(toml::key const& key) { return printable(from_ascii(key.str()), 100); }

    static std::string refuse_empty(std::string const& text) { return text.empty() ? "it is empty" : ""; }
    std::string path_;
    Configuration out_;
};

} // namespace

Result<Configuration> parse_configuration(std::string_view text, std::string const& path)
{
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF"; // some editors begin with it
    if (text.starts_with(byte_order_mark))
        text.remove_prefix(byte_order_mark.size());
    Reader reader(path);
    try {
        auto const file = toml::parse(in_ascii(text), path);
        return reader.read(file);
    } catch (toml::parse_error const& error) {
        return reader.wrong(error.source(), printable(from_ascii(error.description()), 300));
    }
}

Result<Configuration> read_configuration(std::string const& path)
{
    auto read = sys::read_text(path, largest_bytes);
    if (!read.ok() && read.error().code() == Errc::not_found)
        return Error(Errc::not_found, "the configuration '" + printable(path, 4096) + "' does not exist");
    auto text = TRY(std::move(read).context("configuration"));
    return parse_configuration(text, path);
}

} // namespace tocsin::cli
