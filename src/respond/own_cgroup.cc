// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/own_cgroup.h"

#include <charconv>
#include <dirent.h>

#include "tocsin/base/sys.h"

namespace tocsin::respond {
namespace {

constexpr int depth_limit = 8;
constexpr int cgroup_limit = 64;
constexpr std::size_t procs_limit = 1 << 20;

// Every line of cgroup.procs is a pid; 0 stands for one outside of our pid namespace.
bool all_are_members(std::string_view procs, std::unordered_set<pid_t> const& members)
{
    while (!procs.empty()) {
        auto line = procs.substr(0, procs.find('\n'));
        procs.remove_prefix(std::min(procs.size(), line.size() + 1));
        pid_t pid = 0;
        auto read = std::from_chars(line.data(), line.data() + line.size(), pid);
        if (read.ec != std::errc{} || !members.contains(pid))
            return false;
    }
    return true;
}

Result<bool> tree_holds_only(int dir_fd, std::unordered_set<pid_t> const& members, int depth, int& seen)
{
    if (depth > depth_limit || ++seen > cgroup_limit)
        return false;
    auto procs = TRY(sys::read_file_at(dir_fd, "cgroup.procs", procs_limit));
    if (!all_are_members(as_text(procs), members))
        return false;
    auto entries = TRY(sys::list_dir(dir_fd));
    for (auto const& entry : entries) {
        if (entry.type != DT_DIR)
            continue;
        auto below = TRY(sys::open_at(dir_fd, entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        auto only = TRY(tree_holds_only(below.get(), members, depth + 1, seen));
        if (!only)
            return false;
    }
    return true;
}

Result<UniqueFd> open_cgroup(std::string const& mount, std::string const& cgroup)
{
    return sys::open(mount + cgroup, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

} // namespace

Result<bool> holds_only(
    std::string const& mount, std::string const& cgroup, std::unordered_set<pid_t> const& members)
{
    if (mount.empty() || cgroup.size() < 2 || cgroup.contains("/.."))
        return false;
    auto dir = TRY(open_cgroup(mount, cgroup));
    int seen = 0;
    return tree_holds_only(dir.get(), members, 0, seen);
}

Result<CgroupState> asked_state(std::string const& mount, std::string const& cgroup)
{
    auto dir = TRY(open_cgroup(mount, cgroup));
    auto text = TRY(sys::read_file_at(dir.get(), "cgroup.freeze", 16));
    return as_text(text).starts_with('1') ? CgroupState::frozen : CgroupState::running;
}

Result<void> ask_state(std::string const& mount, std::string const& cgroup, CgroupState state)
{
    auto dir = TRY(open_cgroup(mount, cgroup));
    auto file = TRY(sys::open_at(dir.get(), "cgroup.freeze", O_WRONLY | O_NOFOLLOW));
    return sys::write_all(file.get(), as_bytes(state == CgroupState::frozen ? "1" : "0"));
}

} // namespace tocsin::respond
