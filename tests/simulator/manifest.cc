// SPDX-License-Identifier: Apache-2.0
#include "simulator/manifest.h"

#include <dirent.h>
#include <fcntl.h>

#include "simulator/budget.h"
#include "tocsin/base/digest.h"
#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

constexpr std::string_view heading = "# tocsin simulation ";
constexpr int deepest_folder = 64;
constexpr std::size_t digest_digits = 64;

Result<void> add_file(Sandbox const& sandbox, std::string const& path, std::string& out)
{
    auto file = TRY(sandbox.open_file(path, O_RDONLY));
    Sha256Stream digest;
    Bytes piece(256 * 1024);
    for (std::uint64_t offset = 0;;) {
        auto const count = TRY(sys::read_at(file.get(), piece, offset));
        if (count == 0)
            break;
        digest.update(ByteView(piece).first(count));
        offset += count;
    }
    out += digest.finish().hex() + "  " + path + "\n";
    return {};
}

Result<void> add_folder(Sandbox const& sandbox, std::string const& folder, int depth, std::string& out)
{
    if (depth > deepest_folder)
        return Error(Errc::full, "'" + folder + "' lies too deep");
    auto listed = TRY(sandbox.open(folder, O_RDONLY | O_DIRECTORY));
    auto const entries = TRY(sys::list_dir(listed.get()));
    for (auto const& entry : entries) {
        auto const path = folder == "." ? entry.name : folder + "/" + entry.name;
        if (path.find('\n') != std::string::npos || entry.name == marker_name)
            continue;
        if (entry.type == DT_DIR)
            TRY(add_folder(sandbox, path, depth + 1, out));
        else if (entry.type == DT_REG)
            TRY(add_file(sandbox, path, out));
    }
    return {};
}

} // namespace

Result<std::string> take_manifest(Sandbox const& sandbox)
{
    auto out = std::string(heading) + sandbox.token() + "\n";
    TRY(add_folder(sandbox, ".", 0, out));
    return out;
}

Result<std::vector<std::string>> paths_in(std::string_view manifest, std::string const& token)
{
    auto next_line = [&manifest] {
        auto const end = manifest.find('\n');
        auto const line = manifest.substr(0, end);
        manifest.remove_prefix(end == std::string_view::npos ? manifest.size() : end + 1);
        return line;
    };
    if (next_line() != std::string(heading) + token)
        return Error(Errc::denied, "the manifest was not taken for this run");
    std::vector<std::string> out;
    while (!manifest.empty()) {
        auto const line = next_line();
        if (line.size() <= digest_digits + 2 || line.substr(digest_digits, 2) != "  ")
            return Error(Errc::corrupt, "line " + std::to_string(out.size() + 2) + " is none of a manifest");
        if (out.size() == highest_limits.files)
            return Error(Errc::full, "the manifest names more files than a run may touch");
        out.emplace_back(line.substr(digest_digits + 2));
    }
    return out;
}

} // namespace tocsin::simulator
