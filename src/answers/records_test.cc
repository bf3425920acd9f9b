// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/records.h"

#include "tocsin/answers/direct.h"
#include "tocsin/answers/status.h"
#include "tocsin/base/test.h"

namespace tocsin::answers {
namespace {

using namespace event;

WallTime at(std::int64_t second)
{
    return WallTime(std::chrono::seconds(1'700'000'000 + second));
}

// A journal in which pid 70 has changed /srv/a.
class RecordsTest : public testing::Test {
protected:
    RecordsTest()
    {
        journal_ = journal::Journal::open(dir_ / "journal.db", journal::Access::read_write).take();
        append(RootChange{{1}, at(0), "/srv", ObjectId{10}, true, {}});
        append(place_of(ActivityKind::seen, 10, {{}, "/srv"}, "/srv", {}));
        append(place_of(ActivityKind::seen, 11, {ObjectId{10}, "a"}, "/srv/a", {}));
        append(version_of(1, {}));
        Process process;
        process.key = shred_;
        process.command = "shred -n1 a";
        append(process);
        append(place_of(ActivityKind::closed, 11, {}, "/srv/a", shred_));
        append(version_of(5, shred_));
        append(incident());
        append(Action{{3}, at(6), ActionKind::freeze, "policy", {shred_}, "1 process frozen"});
    }

    void append(Record record)
    {
        std::array records{std::move(record)};
        ASSERT_OK(journal_->append(records));
    }

    static Record place_of(
        ActivityKind kind, std::uint64_t object, Place place, std::string path, ProcessKey by)
    {
        Activity activity;
        activity.time = at(5);
        activity.kind = kind;
        activity.process = by;
        activity.object = ObjectId{object};
        activity.object_kind = object == 10 ? ObjectKind::directory : ObjectKind::regular;
        activity.root = RootId{1};
        activity.place = std::move(place);
        activity.path = std::move(path);
        return activity;
    }

    static Record version_of(std::int64_t second, ProcessKey writer)
    {
        Version version;
        version.object = ObjectId{11};
        version.root = RootId{1};
        version.time = at(second);
        version.writer = writer;
        version.path = "/srv/a";
        version.metadata.mode = 0100644;
        version.metadata.size = static_cast<std::uint64_t>(100 + second);
        version.digest = Sha256::of(as_bytes(std::to_string(second)));
        return version;
    }

    static Record cut()
    {
        Action action{{3}, at(7), ActionKind::cut, "policy", {}, "10.0.0.2 is kept out of port 445"};
        action.client = ClientAddress{"10.0.0.2", 445, 1};
        return action;
    }

    Record incident() const
    {
        Incident incident;
        incident.id = {3};
        incident.opened = at(6);
        incident.state = IncidentState::contained;
        incident.actor.top = shred_;
        incident.actor.user = "eve";
        incident.actor.command = "shred -n1 a";
        incident.actor.processes = {shred_};
        incident.score = 1.5;
        incident.reasons = {"overwrote a file"};
        incident.objects_changed = 1;
        incident.first_activity = at(5);
        incident.last_activity = at(6);
        return incident;
    }

    ProcessKey shred_{70, 7000};
    test::TempDir dir_;
    std::unique_ptr<journal::Journal> journal_;
};

TEST_F(RecordsTest, ListsAnIncidentWithTheKeysOfTheContract)
{
    auto list = incidents_json(*journal_).take();
    json::value expected{{"id", 3}, {"opened", to_iso8601(at(6))}, {"state", "contained"},
        {"actor",
            {{"kind", "process_tree"}, {"user", "eve"}, {"address", ""}, {"command", "shred -n1 a"},
                {"pids", json::array{70}}}},
        {"score", 1.5}, {"reasons", json::array{"overwrote a file"}}, {"objects_changed", 1},
        {"objects_deleted", 0}, {"objects_created", 0}, {"bytes_exposed", 0}};
    EXPECT_EQ(json::array{expected}, list.as_array());
}

TEST_F(RecordsTest, ShowsAnIncidentWithWhatItsActorDidAndWhatWasDone)
{
    auto incident = incident_json(*journal_, {3}).take().as_object();
    ASSERT_EQ(1u, incident.at("activities").as_array().size());
    auto activity = incident.at("activities").as_array()[0].as_object();
    EXPECT_EQ("closed", activity.at("kind").as_string());
    EXPECT_EQ("/srv/a", activity.at("path").as_string());
    EXPECT_EQ("shred -n1 a", activity.at("command").as_string());
    auto action = incident.at("actions").as_array().at(0).as_object();
    EXPECT_EQ("freeze", action.at("kind").as_string());
    EXPECT_EQ("policy", action.at("by").as_string());
}

TEST_F(RecordsTest, NamesTheExecutablesByTheirDigest)
{
    append(Executable{{3}, at(7), "/usr/bin/shred", Sha256::of(as_bytes("shred")), {}});
    append(Executable{{3}, at(7), "/tmp/gone", {}, "No such file or directory"});
    auto const incident = incident_json(*journal_, {3}).take().as_object();
    json::array const expected{
        json::object{{"path", "/usr/bin/shred"}, {"sha256", Sha256::of(as_bytes("shred")).hex()}},
        json::object{{"path", "/tmp/gone"}, {"sha256", nullptr}, {"why_not", "No such file or directory"}}};
    EXPECT_EQ(expected, incident.at("executables").as_array());
}

TEST_F(RecordsTest, NamesTheClientThatWasCutOff)
{
    append(cut());
    auto const shown = incident_json(*journal_, {3}).take().as_object();
    auto const actions = shown.at("actions").as_array();
    EXPECT_FALSE(actions.at(0).as_object().contains("client"));
    auto const last = actions.at(actions.size() - 1).as_object();
    EXPECT_EQ("cut", last.at("kind").as_string());
    EXPECT_EQ((json::object{{"address", "10.0.0.2"}, {"port", 445}}), last.at("client").as_object());
}

TEST_F(RecordsTest, SaysThatThereIsNoSuchIncident)
{
    EXPECT_ERRC(Errc::not_found, incident_json(*journal_, {4}));
}

TEST_F(RecordsTest, ListsTheVersionsOfAFileOldestFirst)
{
    auto versions = versions_json(*journal_, "/srv/a").take().as_array();
    ASSERT_EQ(2u, versions.size());
    EXPECT_EQ(101, versions[0].as_object().at("size").to_number<int>());
    EXPECT_TRUE(versions[0].as_object().at("actor").is_null());
    EXPECT_EQ("shred -n1 a", versions[1].as_object().at("actor").as_string());
    EXPECT_EQ(Sha256::of(as_bytes("5")).hex(), versions[1].as_object().at("sha256").as_string());
}

TEST_F(RecordsTest, FindsTheVersionsUnderANewNameToo)
{
    auto renamed =
        std::get<Activity>(place_of(ActivityKind::renamed, 11, {ObjectId{10}, "a"}, "/srv/a", shred_));
    renamed.target = {ObjectId{10}, "b"};
    renamed.target_path = "/srv/b";
    append(renamed);
    EXPECT_EQ(2u, versions_json(*journal_, "/srv/b").take().as_array().size());
}

TEST_F(RecordsTest, SaysThatNoVersionIsKept)
{
    EXPECT_ERRC(Errc::not_found, versions_json(*journal_, "/srv/nothing"));
}

TEST_F(RecordsTest, TellsTheStatusFromTheJournalWhileNoGuardRuns)
{
    auto status = answer_without_guard(dir_.path(), {"status", {}, ""}, {}).take().as_object();
    EXPECT_EQ("stopped", status.at("state").as_string());
    EXPECT_TRUE(status.at("guard_pid").is_null());
    auto tree = status.at("protected").as_array().at(0).as_object();
    EXPECT_EQ("/srv", tree.at("path").as_string());
    EXPECT_EQ(2, tree.at("objects").to_number<int>());
    EXPECT_EQ(1, tree.at("captured").to_number<int>());
    EXPECT_EQ(105, tree.at("bytes").to_number<int>());
    EXPECT_EQ(1, status.at("incidents_open").to_number<int>());
    EXPECT_EQ(2, status.at("vault").as_object().at("versions").to_number<int>());
}

TEST_F(RecordsTest, AnswersAboutIncidentsWhileNoGuardRuns)
{
    EXPECT_EQ(1u, answer_without_guard(dir_.path(), {"incidents", {}, ""}, {}).take().as_array().size());
    EXPECT_ERRC(Errc::not_found, answer_without_guard(dir_.path(), {"release", {{"id", 3}}, ""}, {}));
}

TEST(Direct, SaysThatNoGuardHasRun)
{
    test::TempDir dir;
    EXPECT_ERRC(Errc::not_found, answer_without_guard(dir.path(), {"incidents", {}, ""}, {}));
    EXPECT_ERRC(Errc::not_found, answer_without_guard(dir.path(), {"undo", {{"id", 1}}, ""}, {}));
    EXPECT_ERRC(Errc::not_found, answer_without_guard(dir.path(), {"check", {}, ""}, {}));
    auto status = answer_without_guard(dir.path(), {"status", {}, ""}, {}).take();
    EXPECT_EQ("stopped", status.as_object().at("state").as_string());
}

} // namespace
} // namespace tocsin::answers
