// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/manifest.h"

#include <algorithm>
#include <array>

#include "tocsin/base/sys.h"

namespace tocsin::cli {

namespace {

constexpr std::size_t max_differences = 100;

Result<Sha256> digest_of(int fd)
{
    Bytes buffer(std::size_t{1} << 18);
    Sha256Stream digest;
    for (;;) {
        auto got = TRY(sys::read_some(fd, buffer));
        if (got == 0)
            return digest.finish();
        digest.update(std::span(buffer).first(got));
    }
}

Result<ManifestEntry> entry_of(int dir_fd, std::string const& name)
{
    auto fd = TRY(sys::open_at(dir_fd, name, O_PATH | O_NOFOLLOW));
    auto metadata = TRY(event::read_metadata(fd.get()));
    ManifestEntry entry{event::kind_of_mode(metadata.mode), metadata.mode, metadata.uid, metadata.gid, 0, 0,
        metadata.mtime_ns, metadata.xattrs, metadata.link_target, {}};
    if (entry.kind == event::ObjectKind::regular) {
        entry.links = metadata.links;
        entry.size = metadata.size;
        auto readable = TRY(sys::open_at(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        entry.digest = TRY(digest_of(readable.get()));
    }
    return entry;
}

Result<void> add_folder(int dir_fd, std::string const& path, Manifest& manifest)
{
    auto names = TRY(sys::list_dir(dir_fd));
    for (auto const& listed : names) {
        auto below = path.empty() ? listed.name : path + "/" + listed.name;
        auto entry = TRY(entry_of(dir_fd, listed.name).context("'" + below + "'"));
        bool is_folder = entry.kind == event::ObjectKind::directory;
        manifest.emplace(below, std::move(entry));
        if (!is_folder)
            continue;
        auto folder = TRY(sys::open_at(dir_fd, listed.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        TRY(add_folder(folder.get(), below, manifest));
    }
    return {};
}

std::string what_differs(ManifestEntry const& before, ManifestEntry const& after)
{
    if (before.kind != after.kind)
        return "is of another kind";
    if (before.size != after.size || before.digest != after.digest)
        return "has other content";
    if (before.mode != after.mode)
        return "has another mode";
    if (before.uid != after.uid || before.gid != after.gid)
        return "has another owner";
    if (before.link_target != after.link_target)
        return "points elsewhere";
    if (before.xattrs != after.xattrs)
        return "has other extended attributes";
    if (before.links != after.links)
        return "has another number of names";
    return "has another modification time";
}

} // namespace

Result<Manifest> take_manifest(std::string const& tree)
{
    Manifest manifest;
    auto fd = TRY(sys::open(tree, O_RDONLY | O_DIRECTORY));
    auto root = TRY(entry_of(fd.get(), "."));
    manifest.emplace("", std::move(root));
    TRY(add_folder(fd.get(), "", manifest).context("read '" + tree + "'"));
    return manifest;
}

std::uint64_t count_files(Manifest const& manifest)
{
    auto is_file = [](auto const& item) { return item.second.kind == event::ObjectKind::regular; };
    return static_cast<std::uint64_t>(std::ranges::count_if(manifest, is_file));
}

Comparison compare(Manifest const& before, Manifest const& after)
{
    Comparison out;
    auto note = [&](std::string const& path, std::string what) {
        if (out.differences.size() < max_differences)
            out.differences.push_back({path, std::move(what)});
    };
    for (auto const& [path, was] : before) {
        auto found = after.find(path);
        if (found != after.end() && found->second == was)
            continue;
        note(path, found == after.end() ? "is gone" : what_differs(was, found->second));
        if (was.kind != event::ObjectKind::regular)
            continue;
        ++out.files_changed;
        if (found == after.end() || found->second.digest != was.digest) {
            ++out.files_lost;
            out.bytes_lost += was.size;
        }
    }
    for (auto const& [path, is] : after) {
        if (!before.contains(path))
            note(path, "was not there before");
    }
    return out;
}

} // namespace tocsin::cli
