// SPDX-License-Identifier: Apache-2.0
// How long undo takes for many small files, beside `cp -a` of the same: files a second.
//
//   undo_bench [FILES [BYTES_EACH [THREADS]]]
//
// Works in a directory of its own below $TMPDIR, with the journal and the repository a guard has.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <random>

#include "tocsin/base/json.h"
#include "tocsin/base/test.h"
#include "tocsin/undo/act.h"
#include "tocsin/undo/tree.h"
#include "tocsin/undo/vault_source.h"
#include "tocsin/vault/backend/local.h"

namespace tocsin::undo {
namespace {

constexpr event::ProcessKey attacker{100, 1};
constexpr event::IncidentId incident_id{1};

double seconds_of(auto&& work)
{
    auto begin = steady_now();
    work();
    return std::chrono::duration<double>(steady_now() - begin).count();
}

struct Bench {
    test::TempDir temp;
    std::string tree = temp / "tree";
    std::unique_ptr<journal::Journal> journal;
    std::unique_ptr<vault::Repository> repository;
    std::vector<event::Record> records;
    int files = 20'000;
    int bytes = 4096;
    unsigned threads = 4;

    std::string path_of(int i) const { return fmt::format("{}/d{:03}/f{:05}.doc", tree, i / 200, i); }

    Found found(std::string const& path) const
    {
        return identify(sys::open(path, O_PATH | O_NOFOLLOW).take()).take();
    }
    void tell(event::Record record)
    {
        records.push_back(std::move(record));
        if (records.size() >= 1000)
            flush();
    }
    void flush()
    {
        auto appended = journal->append(records);
        appended.take();
        records.clear();
    }
    event::Activity activity(event::ProcessKey who, event::ActivityKind kind, std::string const& path)
    {
        auto there = found(path);
        event::Activity out;
        out.time = wall_now();
        out.kind = kind;
        out.process = who;
        out.object = there.object;
        out.key = there.key;
        out.object_kind = there.kind();
        out.root = {1};
        auto parts = split(path);
        if (kind == event::ActivityKind::seen || kind == event::ActivityKind::renamed)
            out.place = {found(parts.directory).object, parts.name};
        if (path == tree)
            out.place = {{}, tree};
        out.path = path;
        return out;
    }
    void captured(event::ProcessKey who, std::string const& path, event::Occasion occasion)
    {
        auto there = found(path);
        event::Version out;
        out.object = there.object;
        out.key = there.key;
        out.root = {1};
        out.time = wall_now();
        out.occasion = occasion;
        out.writer = who;
        out.path = path;
        out.metadata = event::read_metadata(there.fd.get()).take();
        if (there.kind() == event::ObjectKind::regular) {
            auto content = sys::read_file_at(AT_FDCWD, path, 1UL << 30).take();
            out.digest = Sha256::of(content);
            out.content = {repository->save_blob(vault::BlobType::data, content).take().id};
        }
        tell(out);
    }
    void write(std::string const& path, std::uint64_t seed)
    {
        std::mt19937_64 random(seed);
        Bytes content(static_cast<std::size_t>(bytes));
        for (auto& b : content)
            b = static_cast<std::byte>(random() & 0x3f);
        auto fd = sys::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644).take();
        sys::write_all(fd.get(), content).take();
    }
};

void prepare(Bench& bench)
{
    bench.journal = journal::Journal::open(bench.temp / "journal", journal::Access::read_write).take();
    auto store = vault::LocalStore::create(bench.temp / "repository").take();
    vault::RepositoryOptions options;
    options.scrypt = vault::ScryptCost::minimal();
    bench.repository = vault::Repository::create(std::move(store), "bench", options).take();
    std::filesystem::create_directory(bench.tree);
    for (int i = 0; i < bench.files; ++i) {
        std::filesystem::create_directories(split(bench.path_of(i)).directory);
        bench.write(bench.path_of(i), static_cast<std::uint64_t>(i));
    }
    event::RootChange root;
    root.root = {1};
    root.path = bench.tree;
    root.object = bench.found(bench.tree).object;
    root.is_protected = true;
    bench.tell(root);
    auto walk = [&](std::string const& path) {
        bench.tell(bench.activity({}, event::ActivityKind::seen, path));
        bench.captured({}, path, event::Occasion::walk);
    };
    walk(bench.tree);
    for (auto const& entry : std::filesystem::recursive_directory_iterator(bench.tree))
        walk(entry.path());
    event::Incident incident;
    incident.id = incident_id;
    incident.actor.processes = {attacker};
    incident.first_activity = wall_now();
    bench.tell(incident);
    bench.flush();
    bench.repository->flush().take();
}

// In place, then renamed: what most ransomware does.
void attack(Bench& bench)
{
    for (int i = 0; i < bench.files; ++i) {
        auto path = bench.path_of(i);
        bench.write(path, static_cast<std::uint64_t>(i) + 1'000'000);
        bench.tell(bench.activity(attacker, event::ActivityKind::changed, path));
        bench.captured(attacker, path, event::Occasion::close);
        auto renamed = bench.activity(attacker, event::ActivityKind::renamed, path);
        renamed.target = {renamed.place.parent, renamed.place.name + ".locked"};
        renamed.target_path = path + ".locked";
        std::filesystem::rename(path, path + ".locked");
        bench.tell(renamed);
    }
    bench.flush();
}

void say(char const* what, int files, double seconds)
{
    fmt::print("{:<28} {:8.2f} s {:10.0f} files/s\n", what, seconds, files / seconds);
}

void run(Bench& bench)
{
    prepare(bench);
    auto copy = fmt::format("cp -a '{}' '{}'", bench.tree, bench.temp / "copy");
    ::sync();
    int status = 0;
    say("cp -a", bench.files, seconds_of([&] { status = std::system(copy.c_str()); }));
    say("sync after it", bench.files, seconds_of([] { ::sync(); }));
    if (status != 0)
        std::abort();
    attack(bench);
    ::sync();
    Plan plan;
    say("plan", bench.files, seconds_of([&] { plan = make_plan(*bench.journal, incident_id).take(); }));
    VaultSource source(*bench.repository);
    Options options;
    options.state_dir = bench.temp / "state";
    options.threads = bench.threads;
    Report report;
    say("carry out and verify", bench.files,
        seconds_of([&] { report = carry_out(plan, source, options, bench.journal.get()).take(); }));
    fmt::print("{}\n", to_text(to_json(report)).substr(0, 300));
}

} // namespace
} // namespace tocsin::undo

int main(int argc, char** argv)
{
    tocsin::undo::Bench bench;
    if (argc > 1)
        bench.files = std::atoi(argv[1]);
    if (argc > 2)
        bench.bytes = std::atoi(argv[2]);
    if (argc > 3)
        bench.threads = static_cast<unsigned>(std::atoi(argv[3]));
    tocsin::undo::run(bench);
}
