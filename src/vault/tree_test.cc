// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/tree.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tocsin/base/json.h"
#include "tocsin/vault/go_text.h"
#include "tocsin/vault/vault_testing.h"

namespace tocsin::vault {
namespace {

std::string encoded(std::vector<Node> const& nodes)
{
    auto const bytes = encode_tree(nodes).take();
    return std::string(as_text(bytes));
}

std::string quoted_name(std::string_view name)
{
    std::string out;
    append_quoted_name(out, name);
    return out;
}

std::string json_string(std::string_view text)
{
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string time_text(std::int64_t nanoseconds)
{
    std::string out;
    append_time(out, from_nanoseconds(nanoseconds));
    return out;
}

Result<std::vector<Node>> decoded(std::string_view json)
{
    return decode_tree(as_bytes(json), TreeBounds{});
}

TEST(Tree, IsWrittenByteForByteAsResticWritesIt)
{
    Node file;
    file.name = "a";
    file.mode = S_IFREG | 0644;
    file.mtime = from_nanoseconds(1'700'000'000'120'000'000);
    file.uid = 1000;
    file.user = "ann";
    file.inode = 7;
    file.size = 3;
    file.links = 1;
    file.extended_attributes = {{"user.x", {std::byte{1}}}};
    file.content = {Sha256{}};
    Node dir;
    dir.name = "b";
    dir.type = NodeType::dir;
    dir.mode = S_IFDIR | S_ISVTX | 0755;
    dir.subtree = Sha256{};
    Node link;
    link.name = "c";
    link.type = NodeType::symlink;
    link.mode = S_IFLNK | 0777;
    link.linktarget = "\xff";
    std::string const zeros(64, '0');

    EXPECT_EQ(
        R"({"nodes":[{"name":"a","type":"file","mode":420,"mtime":"2023-11-14T22:13:20.12Z",)"
        R"("atime":"1970-01-01T00:00:00Z","ctime":"1970-01-01T00:00:00Z","uid":1000,"gid":0,"user":"ann",)"
        R"("inode":7,"size":3,"links":1,"extended_attributes":[{"name":"user.x","value":"AQ=="}],)"
        R"("content":[")"
            + zeros
            + R"("]},{"name":"b","type":"dir","mode":2148532717,"mtime":"1970-01-01T00:00:00Z",)"
              R"("atime":"1970-01-01T00:00:00Z","ctime":"1970-01-01T00:00:00Z","uid":0,"gid":0,)"
              R"("content":null,"subtree":")"
            + zeros
            + R"("},{"name":"c","type":"symlink","mode":134218239,"mtime":"1970-01-01T00:00:00Z",)"
              R"("atime":"1970-01-01T00:00:00Z","ctime":"1970-01-01T00:00:00Z","uid":0,"gid":0,)"
              R"("linktarget":"\ufffd","linktarget_raw":"/w==","content":null}]})"
              "\n",
        encoded({file, dir, link}));
}

TEST(Tree, OfNothingIsWrittenWithAnEmptyList)
{
    EXPECT_EQ("{\"nodes\":[]}\n", encoded({}));
}

TEST(Tree, ComesBackAsItWas)
{
    std::vector<Node> nodes(8);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        auto& node = nodes[i];
        node.type = static_cast<NodeType>(i);
        node.name = "node " + std::to_string(i) + "\xff\n\"\\";
        node.mtime = from_nanoseconds(-5);
        node.uid = UINT32_MAX;
        node.device = 5;
        node.linktarget = node.type == NodeType::symlink ? "to \xfe" : "";
        node.error = "none";
        node.mode = decoded(encoded({node})).take()[0].mode; // with the bits of its type
    }

    EXPECT_EQ(nodes, decoded(encoded(nodes)).take());
}

TEST(Tree, IsSortedByTheBytesOfTheNames)
{
    std::vector<Node> nodes(3);
    nodes[0].name = "b";
    nodes[1].name = "\xc3\xa4";
    nodes[2].name = "B";

    auto const back = decoded(encoded(nodes)).take();

    EXPECT_EQ("B", back[0].name);
    EXPECT_EQ("b", back[1].name);
    EXPECT_EQ("\xc3\xa4", back[2].name);
}

TEST(Tree, RefusesToWriteNamesTwiceOrThatAreNone)
{
    std::vector<Node> twice(2);
    twice[0].name = twice[1].name = "same";
    EXPECT_ERRC(Errc::invalid, encode_tree(twice));
    for (std::string_view bad : {"", ".", "..", "a/b"}) {
        Node node;
        node.name = bad;
        EXPECT_ERRC(Errc::invalid, encode_tree(std::span(&node, 1)));
    }
}

TEST(Tree, RefusesToReadNamesThatLeadElsewhere)
{
    for (std::string_view bad : {"..", ".", "", "a/../../b", "\\x2e\\x2e", "a\\u002fb", "nul\\x00"}) {
        auto const json = std::string(R"({"nodes":[{"name":)") + json_string(bad)
            + R"(,"type":"file","mtime":"2020-01-01T00:00:00Z","atime":"2020-01-01T00:00:00Z",)"
              R"("ctime":"2020-01-01T00:00:00Z"}]})";
        EXPECT_ERRC(Errc::corrupt, decoded(json));
    }
}

TEST(Tree, RefusesMoreThanItsBounds)
{
    auto const blob = encode_tree({}).take();
    EXPECT_ERRC(Errc::corrupt, decode_tree(blob, TreeBounds{.bytes = 5, .nodes = 5}));
    std::vector<Node> nodes(2);
    nodes[0].name = "a";
    nodes[1].name = "b";
    EXPECT_ERRC(Errc::corrupt, decode_tree(encode_tree(nodes).take(), TreeBounds{.bytes = 5000, .nodes = 1}));
}

TEST(Tree, RefusesWhatIsNoTree)
{
    for (std::string_view bad : {"", "[]", "{\"nodes\":5}", "{\"nodes\":[5]}", "{\"nodes\":[{}]}", "{"})
        EXPECT_ERRC(Errc::corrupt, decoded(bad));
}

TEST(GoText, QuotesNamesAsStrconvDoes)
{
    EXPECT_EQ(R"("plain")", quoted_name("plain"));
    EXPECT_EQ(R"("\\\"\\\\\\t\\n\\a\\x01\\x7f")", quoted_name("\"\\\t\n\a\x01\x7f"));
    EXPECT_EQ(R"("\\xff\\xe9")", quoted_name("\xff\xe9"));
    EXPECT_EQ(R"("\\xed\\xa0\\x80")", quoted_name("\xed\xa0\x80")); // a surrogate
    EXPECT_EQ(
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94\"", quoted_name("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x94"));
    EXPECT_EQ(R"("\\u00a0\\u2028\\ufeff\\U000e0001")",
        quoted_name("\xc2\xa0\xe2\x80\xa8\xef\xbb\xbf\xf3\xa0\x80\x81"));
    EXPECT_EQ("\"\xef\xbf\xbd\"", quoted_name("\xef\xbf\xbd")); // U+FFFD itself prints
    EXPECT_EQ(R"("\u003c\u0026\u003e")", quoted_name("<&>"));
}

TEST(GoText, UnquotesWhatItQuotes)
{
    std::string all;
    for (int c = 0; c < 256; ++c)
        all += static_cast<char>(c);
    auto const value = parse_json(quoted_name(all)).take();

    EXPECT_EQ(all, unquote_name(value.as_string()).take());
    EXPECT_EQ("A\xff", unquote_name(R"(\101\377)").take());
}

TEST(GoText, RefusesEscapesThatAreNone)
{
    for (std::string_view bad :
        {"\\", "\\x1", "\\q", "\\u12", "\\ud800", "\\U00110000", "\\777", "a\"b", "a\nb"})
        EXPECT_ERRC(Errc::corrupt, unquote_name(bad));
}

TEST(GoText, WritesJsonStringsAsGoDoes)
{
    EXPECT_EQ(R"("\u0001\b\f\n\r\t\"\\/")", json_string("\x01\b\f\n\r\t\"\\/"));
    EXPECT_EQ(R"("\ufffd\u2028\u2029")", json_string("\xff\xe2\x80\xa8\xe2\x80\xa9"));
    EXPECT_EQ("\"\x7f\"", json_string("\x7f"));
}

TEST(GoText, WritesTimesWithoutTrailingZeros)
{
    EXPECT_EQ("2023-11-14T22:13:20Z", time_text(1'700'000'000'000'000'000));
    EXPECT_EQ("2023-11-14T22:13:20.000000001Z", time_text(1'700'000'000'000'000'001));
    EXPECT_EQ("1969-12-31T23:59:59.9Z", time_text(-100'000'000));
}

TEST(GoText, ReadsTimesOfAnyZone)
{
    EXPECT_EQ(1'700'000'000'500'000'000, to_nanoseconds(parse_go_time("2023-11-14T23:13:20.5+01:00").take()));
    EXPECT_EQ(-100'000'000, to_nanoseconds(parse_go_time("1969-12-31T23:59:59.9Z").take()));
    EXPECT_LT(to_nanoseconds(parse_go_time("0001-01-01T00:00:00Z").take()), -9'000'000'000'000'000'000);
    EXPECT_GT(to_nanoseconds(parse_go_time("9999-12-31T23:59:59Z").take()), 9'000'000'000'000'000'000);
    for (std::string_view bad :
        {"", "2023", "2023-13-14T22:13:20Z", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20"})
        EXPECT_ERRC(Errc::corrupt, parse_go_time(bad));
}

TEST(GoText, TurnsModesIntoGosAndBack)
{
    EXPECT_EQ(0x80000000U | 0755, to_go_mode(S_IFDIR | 0755));
    EXPECT_EQ(0x800000U | 0755, to_go_mode(S_IFREG | S_ISUID | 0755));
    EXPECT_EQ(0x4200000U | 0600, to_go_mode(S_IFCHR | 0600));
    for (mode_t type : {S_IFREG, S_IFDIR, S_IFLNK, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK})
        EXPECT_EQ(type | 07654, from_go_mode(to_go_mode(type | 07654)));
}

} // namespace
} // namespace tocsin::vault
