// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/args.h"
#include "tocsin/answers/protocol.h"
#include "tocsin/base/test.h"

namespace tocsin::answers {
namespace {

std::string_view without_end(std::string_view line)
{
    return line.substr(0, line.size() - 1);
}

TEST(Protocol, GivesARequestBackAsItWas)
{
    Request request{"undo", {{"id", 3}, {"dry_run", true}}, "anna"};
    auto line = encode(request);
    ASSERT_EQ('\n', line.back());
    auto back = decode_request(without_end(line));
    ASSERT_OK(back);
    EXPECT_EQ(request, back.take());
}

TEST(Protocol, GivesEachKindOfAnswerBackAsItWas)
{
    for (Answer answer : {Answer(Progress{1, 2, 3, "capturing"}), Answer(json::value{{"state", "guarding"}}),
             Answer(Refusal{"there is no incident 9", Errc::not_found})}) {
        auto back = decode_answer(without_end(encode(answer)));
        ASSERT_OK(back);
        EXPECT_EQ(answer, back.take());
    }
}

TEST(Protocol, RefusesARequestWithoutAVerb)
{
    EXPECT_ERRC(Errc::corrupt, decode_request(R"({"args":{}})"));
    EXPECT_ERRC(Errc::corrupt, decode_request(R"({"verb":""})"));
    EXPECT_ERRC(Errc::corrupt, decode_request(R"({"verb":"undo","args":[1]})"));
    EXPECT_ERRC(Errc::corrupt, decode_request("[]"));
    EXPECT_ERRC(Errc::corrupt, decode_request(""));
}

TEST(Protocol, RefusesAnAnswerThatIsNone)
{
    EXPECT_ERRC(Errc::corrupt, decode_answer("{}"));
    EXPECT_ERRC(Errc::corrupt, decode_answer(R"({"progress":7})"));
    EXPECT_ERRC(Errc::corrupt, decode_answer(R"({"error":7})"));
}

TEST(Protocol, TakesAnUnknownCodeAsFailed)
{
    auto answer = decode_answer(R"({"error":"no","code":"purple"})").take();
    EXPECT_EQ(Errc::failed, std::get<Refusal>(answer).code);
}

TEST(Protocol, HasAWordForEachCode)
{
    for (auto code : {Errc::not_found, Errc::exists, Errc::denied, Errc::invalid, Errc::corrupt,
             Errc::unsupported, Errc::full, Errc::again, Errc::failed})
        EXPECT_EQ(code, errc_named(name_of(code)));
    EXPECT_FALSE(errc_named("purple").has_value());
}

TEST(Protocol, CarriesNamesThatAreNoUtf8)
{
    std::string latin1 = "caf\xe9 \xed\xa0\x80 \xf4\x90\x80\x80.txt";
    auto text = json_text(latin1);
    EXPECT_OK(parse_json(to_text(json::value(text))));
    EXPECT_EQ(latin1, bytes_of(json::value(text)).take());
}

TEST(Protocol, LeavesUtf8AsItIs)
{
    EXPECT_EQ("žluťoučký 🐎", std::string_view(json_text("žluťoučký 🐎")));
}

TEST(Protocol, RefusesABrokenEscape)
{
    using namespace std::string_view_literals;
    EXPECT_ERRC(Errc::corrupt, bytes_of(json::value(json::string("\0"sv))));
    EXPECT_ERRC(Errc::corrupt, bytes_of(json::value(json::string("\0zz"sv))));
    EXPECT_ERRC(Errc::corrupt, bytes_of(json::value(7)));
}

TEST(LineReader, CutsLinesHoweverTheyArrive)
{
    LineReader lines(100);
    ASSERT_OK(lines.add("on"));
    EXPECT_FALSE(lines.next().has_value());
    ASSERT_OK(lines.add("e\ntwo\nthr"));
    EXPECT_EQ("one", lines.next());
    EXPECT_EQ("two", lines.next());
    EXPECT_FALSE(lines.next().has_value());
}

TEST(LineReader, RefusesALineAboveItsBound)
{
    LineReader lines(8);
    EXPECT_ERRC(Errc::full, lines.add("123456789"));
}

TEST(Args, RefusesWhatIsNoAbsolutePath)
{
    EXPECT_ERRC(Errc::invalid, path_arg({}, "path"));
    EXPECT_ERRC(Errc::invalid, path_arg({{"path", "a/b"}}, "path"));
    EXPECT_ERRC(Errc::invalid, path_arg({{"path", 7}}, "path"));
    EXPECT_ERRC(Errc::invalid, paths_arg({{"paths", json::array{}}}, "paths"));
    EXPECT_EQ("/a", path_arg({{"path", "/a"}}, "path").take());
}

TEST(Args, TellsAbsentFromWrong)
{
    EXPECT_FALSE(optional_number_arg({}, "version").take().has_value());
    EXPECT_ERRC(Errc::invalid, optional_number_arg({{"version", "x"}}, "version"));
    EXPECT_FALSE(flag_arg({}, "dry_run").take());
    EXPECT_ERRC(Errc::invalid, flag_arg({{"dry_run", 1}}, "dry_run"));
    EXPECT_ERRC(Errc::invalid, incident_arg({{"id", 0}}));
    EXPECT_EQ(event::IncidentId{3}, incident_arg({{"id", 3}}).take());
}

} // namespace
} // namespace tocsin::answers
