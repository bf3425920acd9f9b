// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/verify.h"

#include <unordered_set>

namespace tocsin::answers {

namespace {

constexpr std::size_t max_problems = 1000;

struct Findings {
    std::vector<std::string> problems;
    bool journal_ok = true;
    std::uint64_t missing_blobs = 0;

    void add(std::string sentence)
    {
        if (problems.size() < max_problems)
            problems.push_back(std::move(sentence));
    }
};

Result<void> check_chain(journal::Journal& journal, Findings& findings)
{
    auto whole = journal.verify();
    if (whole.ok())
        return {};
    if (whole.error().code() != Errc::corrupt)
        return whole;
    findings.journal_ok = false;
    findings.add("journal: " + whole.error().message());
    return {};
}

// Every blob that a version names has to be in the repository.
Result<void> check_references(journal::Journal& journal, vault::Repository& repository, Findings& findings)
{
    std::unordered_set<Sha256> looked_up;
    auto check_version = [&](event::Version const& version) -> Result<void> {
        for (auto const& blob : version.content) {
            if (!looked_up.insert(blob).second || repository.has_blob(vault::BlobType::data, blob))
                continue;
            ++findings.missing_blobs;
            findings.add("version " + std::to_string(version.id.value) + " of '" + version.path
                + "' names blob " + blob.hex() + ", which the repository does not hold");
        }
        return {};
    };
    return journal.for_each_version(check_version);
}

json::array problems_json(std::vector<std::string> const& problems)
{
    json::array out;
    for (auto const& problem : problems)
        out.push_back(json_text(problem));
    return out;
}

} // namespace

Result<json::value> verify_json(journal::Journal& journal, vault::Repository& repository,
    vault::CheckDepth depth, ProgressSink const& sink)
{
    Findings findings;
    TRY(check_chain(journal, findings));
    TRY(check_references(journal, repository, findings));
    auto tell = [&](std::uint64_t done, std::uint64_t total) {
        if (sink)
            sink({done, total, 0, "checking the repository"});
    };
    auto report = TRY(repository.check(depth, tell));
    for (auto const& problem : report.problems)
        findings.add("repository: " + problem);
    auto totals = TRY(journal.totals());
    return json::value{{"ok", findings.problems.empty()},
        {"journal",
            {{"ok", findings.journal_ok}, {"versions", totals.versions}, {"activities", totals.activities}}},
        {"repository",
            {{"ok", report.good()}, {"packs", report.packs}, {"blobs", report.blobs},
                {"snapshots", report.snapshots}, {"bytes_read", report.bytes_read},
                {"data_read", depth == vault::CheckDepth::read_data}}},
        {"missing_blobs", findings.missing_blobs}, {"problems", problems_json(findings.problems)}};
}

} // namespace tocsin::answers
