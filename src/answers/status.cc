// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/status.h"

#include <filesystem>

#include "tocsin/answers/protocol.h"

namespace tocsin::answers {

namespace {

json::array trees_json(std::vector<TreeStatus> const& trees)
{
    json::array out;
    for (auto const& tree : trees) {
        out.push_back(
            json::object{{"path", json_text(tree.path)}, {"objects", tree.objects}, {"bytes", tree.bytes},
                {"captured", tree.captured}, {"pending", tree.pending}, {"at_risk", tree.at_risk}});
    }
    return out;
}

json::object invariants_json(std::vector<InvariantStatus> const& invariants)
{
    json::object out;
    for (auto const& invariant : invariants)
        out[invariant.name] = {{"holds", invariant.holds}, {"reason", json_text(invariant.reason)}};
    return out;
}

json::object vault_json(VaultStatus const& vault)
{
    json::object out{{"repository", json_text(vault.repository)}, {"versions", vault.versions},
        {"bytes", vault.bytes}, {"stored_bytes", vault.stored_bytes}, {"off_host_lag_s", nullptr}};
    if (vault.off_host_lag_s)
        out["off_host_lag_s"] = *vault.off_host_lag_s;
    json::array largest;
    for (auto const& [path, bytes] : vault.growth.largest)
        largest.push_back(json::object{{"path", json_text(path)}, {"bytes", bytes}});
    out["growth"] = {{"bytes_a_day", vault.growth.bytes_a_day}, {"largest", std::move(largest)}};
    return out;
}

json::value isolation_json(std::optional<IsolationStatus> const& isolation)
{
    if (!isolation)
        return nullptr;
    json::array allowed;
    for (auto const& name : isolation->allowed)
        allowed.push_back(json_text(name));
    return json::object{{"until", to_iso8601(isolation->until)}, {"allowed", std::move(allowed)},
        {"dropped",
            {{"in", isolation->dropped_in}, {"out", isolation->dropped_out},
                {"forwarded", isolation->dropped_forwarded}}}};
}

// What files below `path` take, as far as they can be seen.
std::uint64_t bytes_below(std::string const& path)
{
    namespace fs = std::filesystem;
    std::uint64_t bytes = 0;
    std::error_code problem;
    fs::recursive_directory_iterator files(path, problem);
    for (; !problem && files != fs::recursive_directory_iterator(); files.increment(problem)) {
        std::error_code ignored;
        if (files->is_regular_file(ignored)) {
            auto size = files->file_size(ignored);
            bytes += ignored ? 0 : size;
        }
    }
    return bytes;
}

bool counts(event::ObjectKind kind)
{
    return kind != event::ObjectKind::other;
}

Result<TreeStatus> tree_status(journal::Journal& journal, event::RootChange const& root)
{
    TreeStatus tree;
    tree.path = root.path;
    auto add = [&](journal::CurrentObject const& object) -> Result<void> {
        if (!counts(object.kind))
            return {};
        ++tree.objects;
        if (object.version) {
            ++tree.captured;
            tree.bytes += object.kind == event::ObjectKind::regular ? object.version->metadata.size : 0;
        }
        return {};
    };
    TRY(journal.for_each_current(root.root, add));
    return tree;
}

} // namespace

json::value to_json(Status const& status)
{
    auto const& gate = status.gate;
    return json::object{{"state", status.state}, {"reason", json_text(status.reason)},
        {"respond", status.respond.empty() ? json::value() : json::value(status.respond)},
        {"guard_pid", status.guard_pid > 0 ? json::value(status.guard_pid) : json::value()},
        {"protected", trees_json(status.trees)},
        {"gate",
            {{"opens", gate.opens}, {"held", gate.held}, {"timeouts", gate.timeouts}, {"p50_us", gate.p50_us},
                {"p99_us", gate.p99_us}}},
        {"vault", vault_json(status.vault)}, {"invariants", invariants_json(status.invariants)},
        {"incidents_open", status.incidents_open}, {"isolation", isolation_json(status.isolation)}};
}

Result<Status> status_without_guard(StatePaths const& state)
{
    Status status;
    status.state = "stopped";
    status.reason = "no guard runs on '" + state.dir + "'";
    status.vault.repository = state.repository;
    status.invariants.push_back({"nothing_closed_is_lost", false, "no guard runs"});
    auto opened = journal::Journal::open(state.journal, journal::Access::read_only);
    if (!opened.ok()) {
        if (opened.error().code() == Errc::not_found)
            return status;
        return opened.take_error();
    }
    auto journal = opened.take();
    auto roots = TRY(journal->roots());
    for (auto const& root : roots) {
        if (root.is_protected) {
            auto tree = TRY(tree_status(*journal, root));
            status.trees.push_back(std::move(tree));
        }
    }
    auto totals = TRY(journal->totals());
    status.vault.versions = totals.versions;
    status.vault.bytes = totals.version_bytes;
    status.vault.stored_bytes = bytes_below(state.repository);
    status.vault.growth = TRY(journal->growth(wall_now()));
    status.incidents_open = totals.incidents_open;
    return status;
}

} // namespace tocsin::answers
