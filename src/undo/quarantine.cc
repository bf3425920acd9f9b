// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/quarantine.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "tocsin/base/json.h"
#include "tocsin/base/log.h"

namespace tocsin::undo {
namespace {

using event::ObjectKind;

constexpr std::size_t index_limit_bytes = 1UL << 30;
constexpr std::size_t path_limit_bytes = 8192;

bool is_number(std::string_view name)
{
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

std::uint64_t to_number(std::string_view name)
{
    std::uint64_t out = 0;
    (void)std::from_chars(name.data(), name.data() + name.size(), out);
    return out;
}

std::string directory_of(std::string const& state_dir, event::IncidentId incident)
{
    return fmt::format("{}/quarantine/{}", state_dir, incident.value);
}

json::object to_json(Quarantined const& entry)
{
    auto const& m = entry.metadata;
    return {{"number", entry.number}, {"path", printable(entry.path, path_limit_bytes)},
        {"path_hex", to_hex(as_bytes(entry.path))}, {"object", fmt::format("{:016x}", entry.object.value)},
        {"time", to_iso8601(entry.time)}, {"sha256", entry.sha256.hex()}, {"mode", m.mode}, {"uid", m.uid},
        {"gid", m.gid}, {"size", m.size}, {"mtime_ns", m.mtime_ns}};
}

template <typename Number>
Result<Number> number_at(json::object const& object, std::string_view key)
{
    auto const* value = object.if_contains(key);
    boost::system::error_code code;
    auto out = value != nullptr ? value->to_number<Number>(code) : Number{};
    if (value == nullptr || code)
        return Error(Errc::corrupt, fmt::format("the index has no number '{}'", key));
    return out;
}

Result<std::string> text_at(json::object const& object, std::string_view key)
{
    auto const* value = object.if_contains(key);
    if (value == nullptr || !value->is_string())
        return Error(Errc::corrupt, fmt::format("the index has no text '{}'", key));
    return std::string(value->as_string());
}

Result<Quarantined> parse_line(std::string_view line)
{
    auto value = TRY(parse_json(line));
    if (!value.is_object())
        return Error(Errc::corrupt, "a line of the index is no object");
    auto const& object = value.as_object();
    Quarantined out;
    out.number = TRY(number_at<std::uint64_t>(object, "number"));
    auto hex = TRY(text_at(object, "path_hex"));
    auto path = TRY(from_hex(hex));
    out.path = as_text(path);
    auto id = TRY(text_at(object, "object"));
    auto end = std::from_chars(id.data(), id.data() + id.size(), out.object.value, 16);
    if (end.ec != std::errc{})
        return Error(Errc::corrupt, "the index has an object that is no number");
    auto time = TRY(text_at(object, "time"));
    out.time = TRY(parse_time(time));
    auto digest = TRY(text_at(object, "sha256"));
    out.sha256 = TRY(Sha256::from_hex(digest));
    out.metadata.mode = TRY(number_at<std::uint32_t>(object, "mode"));
    out.metadata.uid = TRY(number_at<std::uint32_t>(object, "uid"));
    out.metadata.gid = TRY(number_at<std::uint32_t>(object, "gid"));
    out.metadata.size = TRY(number_at<std::uint64_t>(object, "size"));
    out.metadata.mtime_ns = TRY(number_at<std::int64_t>(object, "mtime_ns"));
    return out;
}

Result<void> copy_content(int from, int to)
{
    Bytes buffer(1UL << 20);
    for (;;) {
        auto n = TRY(sys::read_some(from, buffer));
        if (n == 0)
            return {};
        TRY(sys::write_all(to, ByteView(buffer).first(n)));
    }
}

Result<void> list_one(std::string const& state_dir, event::IncidentId incident, std::vector<Quarantined>& out)
{
    auto directory = directory_of(state_dir, incident);
    auto fd = TRY(sys::open(directory, O_RDONLY | O_DIRECTORY));
    auto bytes = TRY(sys::read_file_at(fd.get(), "index.jsonl", index_limit_bytes));
    auto text = as_text(bytes);
    for (std::size_t at = 0; at < text.size();) {
        auto end = text.find('\n', at);
        if (end == std::string_view::npos)
            return {}; // a line that was being written when the process ended
        auto entry =
            TRY(parse_line(text.substr(at, end - at)).context("read '" + directory + "/index.jsonl'"));
        at = end + 1;
        entry.incident = incident;
        auto name = fmt::format("{:04}", entry.number);
        if (S_ISDIR(entry.metadata.mode)) {
            out.push_back(std::move(entry));
            continue;
        }
        if (!sys::stat_at(fd.get(), name, AT_SYMLINK_NOFOLLOW).ok())
            continue;
        entry.file = directory + "/" + name;
        out.push_back(std::move(entry));
    }
    return {};
}

} // namespace

Result<Sha256> digest_of(int dir_fd, std::string const& name)
{
    static constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
    auto quiet = sys::open_at(dir_fd, name, flags | O_NOATIME);
    auto fd = TRY(quiet.ok() ? std::move(quiet) : sys::open_at(dir_fd, name, flags));
    Sha256Stream stream;
    Bytes buffer(1UL << 17);
    for (;;) {
        auto n = TRY(sys::read_some(fd.get(), buffer));
        if (n == 0)
            return stream.finish();
        stream.update(ByteView(buffer).first(n));
    }
}

Result<std::unique_ptr<Quarantine>> Quarantine::open(std::string const& state_dir, event::IncidentId incident)
{
    auto path = directory_of(state_dir, incident);
    TRY(sys::make_dirs(path, 0700));
    auto dir = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
    auto index = TRY(sys::open_at(dir.get(), "index.jsonl", O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600));
    auto bytes = TRY(sys::read_file_at(dir.get(), "index.jsonl", index_limit_bytes));
    if (!bytes.empty() && bytes.back() != std::byte{'\n'}) // the process ended inside a line
        TRY(sys::truncate(index.get(), as_text(bytes).rfind('\n') + 1));
    std::uint64_t last = static_cast<std::uint64_t>(std::ranges::count(bytes, std::byte{'\n'}));
    auto entries = TRY(sys::list_dir(dir.get()));
    for (auto const& entry : entries)
        if (is_number(entry.name))
            last = std::max(last, to_number(entry.name));
    return std::unique_ptr<Quarantine>(new Quarantine(std::move(dir), std::move(index), incident, last + 1));
}

// Writes the line and returns the number that the file is to have.
Result<std::string> Quarantine::enter(Found const& found, std::string const& path, Sha256 const& digest)
{
    Quarantined entry;
    entry.path = path;
    entry.object = found.object;
    entry.time = wall_now();
    entry.sha256 = digest;
    entry.metadata = event::metadata_of(found.stat);
    std::lock_guard lock(mutex_); // the line is short and goes to the page cache
    entry.number = next_++;
    TRY(sys::write_all(index_.get(), as_bytes(to_text(to_json(entry)) + "\n")));
    return fmt::format("{:04}", entry.number);
}

namespace {

Result<Sha256> digest_if_regular(
    int dir_fd, std::string const& name, Found const& found, event::Version const* captured)
{
    if (captured != nullptr)
        return captured->digest;
    return found.kind() == ObjectKind::regular ? digest_of(dir_fd, name) : Result<Sha256>(Sha256{});
}

} // namespace

// Between file systems: content and rights; attributes where the other side takes them.
Result<void> Quarantine::copy_in(
    int dir_fd, std::string const& name, Found const& found, std::string const& number)
{
    auto part = number + ".part";
    if (found.kind() == ObjectKind::symlink) {
        auto target = TRY(sys::read_link_at(dir_fd, name));
        return sys::symlink_at(target, dir_.get(), number);
    }
    if (found.kind() != ObjectKind::regular) {
        auto mode = static_cast<mode_t>(found.stat.stx_mode);
        auto device = event::metadata_of(found.stat).device;
        if (::mknodat(dir_.get(), number.c_str(), mode, device) != 0)
            return Error::from_errno(errno, "mknodat");
        return {};
    }
    auto from = TRY(sys::open_at(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    auto to = TRY(sys::open_at(dir_.get(), part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
    TRY(copy_content(from.get(), to.get()));
    auto attributes = TRY(sys::xattrs_of(from.get()));
    for (auto const& [attribute, value] : attributes)
        (void)sys::set_xattr(to.get(), attribute, value);
    TRY(sys::sync(to.get()));
    return sys::rename_at(dir_.get(), part, dir_.get(), number);
}

Result<void> Quarantine::keep(int dir_fd, std::string const& name, Found const& found,
    std::string const& path, event::Version const* captured)
{
    auto digest = TRY(digest_if_regular(dir_fd, name, found, captured));
    auto number = TRY(enter(found, path, digest));
    auto moved = sys::rename_at2(dir_fd, name, dir_.get(), number, RENAME_NOREPLACE);
    if (moved.ok() || moved.error().errno_value() != EXDEV)
        return moved;
    TRY(copy_in(dir_fd, name, found, number));
    return sys::remove_at(dir_fd, name, 0);
}

Result<void> Quarantine::keep_beside(int dir_fd, std::string const& name, Found const& found,
    std::string const& path, event::Version const* captured)
{
    auto digest = TRY(digest_if_regular(dir_fd, name, found, captured));
    auto number = TRY(enter(found, path, digest));
    auto linked = sys::link_at(dir_fd, name, dir_.get(), number, 0);
    return linked.ok() ? std::move(linked) : copy_in(dir_fd, name, found, number);
}

Result<void> Quarantine::keep_directory(
    int dir_fd, std::string const& name, Found const& found, std::string const& path)
{
    TRY(sys::remove_at(dir_fd, name, AT_REMOVEDIR));
    auto number = TRY(enter(found, path, Sha256{}));
    return {};
}

Result<std::vector<Quarantined>> list_quarantine(
    std::string const& state_dir, std::optional<event::IncidentId> incident)
{
    std::vector<Quarantined> out;
    if (incident) {
        auto listed = list_one(state_dir, *incident, out);
        if (!listed.ok() && listed.error().code() != Errc::not_found)
            return listed.take_error();
        return out;
    }
    auto dir = sys::open(state_dir + "/quarantine", O_RDONLY | O_DIRECTORY);
    if (!dir.ok() && dir.error().code() == Errc::not_found)
        return out;
    auto fd = TRY(std::move(dir));
    auto entries = TRY(sys::list_dir(fd.get()));
    std::vector<event::IncidentId> incidents;
    for (auto const& entry : entries)
        if (is_number(entry.name))
            incidents.push_back({static_cast<std::int64_t>(to_number(entry.name))});
    std::ranges::sort(incidents);
    for (auto one : incidents)
        TRY(list_one(state_dir, one, out));
    return out;
}

} // namespace tocsin::undo
