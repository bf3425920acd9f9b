// SPDX-License-Identifier: Apache-2.0
// Sentences of errors, numbers, bytes, digests and times; the small parts that have no test file of their own.
#include "tocsin/base/bytes.h"
#include "tocsin/base/clock.h"
#include "tocsin/base/digest.h"
#include "tocsin/base/json.h"
#include "tocsin/base/log.h"
#include "tocsin/base/mailbox.h"
#include "tocsin/base/number.h"
#include "tocsin/base/path.h"
#include "tocsin/base/pid_ref.h"
#include "tocsin/base/proc.h"
#include "tocsin/base/random.h"
#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/base/utf8.h"

#include <cstdlib>
#include <limits>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>

namespace tocsin {
namespace {

Result<int> half(int value)
{
    if (value % 2 != 0)
        return Error(Errc::invalid, "odd");
    return value / 2;
}

Result<int> quarter(int value)
{
    auto once = TRY(half(value).context("first"));
    return half(once).context("second");
}

TEST(Result, CarriesTheSentenceOutermostFirst)
{
    EXPECT_EQ(2, quarter(8).take());
    EXPECT_EQ("second: odd", quarter(6).error().message());
    EXPECT_ERRC(Errc::invalid, quarter(3));
}

TEST(Result, SaysWhatACallerCanDoAboutAnErrno)
{
    EXPECT_EQ(Errc::not_found, Error::from_errno(ENOENT, "x").code());
    EXPECT_EQ(Errc::full, Error::from_errno(ENOSPC, "x").code());
    EXPECT_EQ(ENOSPC, Error::from_errno(ENOSPC, "x").errno_value());
}

TEST(Number, IsAllOfTheTextOrNone)
{
    std::uint8_t number = 0;
    EXPECT_TRUE(to_number("250", number));
    EXPECT_EQ(250, number);
    EXPECT_TRUE(to_number("fF", 16, number));
    EXPECT_EQ(255, number);
    for (auto const* none : {"", " 1", "1 ", "-1", "+1", "256", "0x1"})
        EXPECT_FALSE(to_number(none, number)) << none;
}

TEST(Bytes, ReadsBackWhatWasWritten)
{
    ByteWriter writer;
    writer.fixed(std::uint32_t{0xdeadbeef});
    writer.varint(std::numeric_limits<std::uint64_t>::max());
    writer.signed_varint(std::numeric_limits<std::int64_t>::min());
    writer.sized("name");
    auto bytes = writer.take();
    ByteReader reader(bytes);
    EXPECT_EQ(0xdeadbeef, reader.fixed<std::uint32_t>().take());
    EXPECT_EQ(std::numeric_limits<std::uint64_t>::max(), reader.varint().take());
    EXPECT_EQ(std::numeric_limits<std::int64_t>::min(), reader.signed_varint().take());
    EXPECT_EQ("name", reader.text().take());
    EXPECT_EQ(0u, reader.left());
}

TEST(Bytes, RefusesALengthBeyondTheInput)
{
    auto bytes = to_bytes(as_bytes("\x7f"
                                   "abc"));
    EXPECT_ERRC(Errc::corrupt, ByteReader(bytes).sized());
    EXPECT_ERRC(Errc::corrupt, ByteReader(bytes).count(8));
}

TEST(Bytes, RefusesAVarintOfMoreThan64Bits)
{
    Bytes bytes(11, std::byte{0xff});
    EXPECT_ERRC(Errc::corrupt, ByteReader(bytes).varint());
}

TEST(Hex, RefusesWhatIsNoNumber)
{
    EXPECT_EQ("00ff", to_hex(from_hex("00Ff").take()));
    EXPECT_ERRC(Errc::invalid, from_hex("0"));
    EXPECT_ERRC(Errc::invalid, from_hex("zz"));
}

TEST(Digest, AgreesWithTheStandardsExample)
{
    auto expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_EQ(expected, Sha256::of(as_bytes("abc")).hex());
    Sha256Stream stream;
    stream.update(as_bytes("a"));
    stream.update(as_bytes("bc"));
    EXPECT_EQ(expected, stream.finish().hex());
}

TEST(Clock, ReadsBackWhatItShows)
{
    auto time = from_nanoseconds(1'795'507'481'123'456'789);
    EXPECT_EQ("2026-11-24T08:04:41.123456789Z", to_iso8601(time));
    EXPECT_EQ(time, parse_time(to_iso8601(time)).take());
}

TEST(Clock, CountsTicksFromBoot)
{
    using std::chrono::seconds;
    EXPECT_EQ(0U, ticks_since_boot(boot_time() - seconds(5)));
    auto const time = wall_now();
    auto const now = ticks_since_boot(time);
    auto const second = static_cast<double>(now - ticks_since_boot(time - seconds(1)));
    EXPECT_NEAR(static_cast<double>(::sysconf(_SC_CLK_TCK)), second, 1.0);
    EXPECT_LE(proc::ProcDir::open().take().stat(::getpid()).take().start_ticks, now);
}

TEST(Clock, TakesWhatAPersonTypes)
{
    auto noon = parse_time("2026-11-24T12:00:00Z").take();
    EXPECT_EQ(noon, parse_time("2026-11-24 12:00").take());
    EXPECT_EQ(noon, parse_time("2026-11-24T13:00:00+01:00").take());
    EXPECT_EQ(noon, parse_time("@1795521600").take());
}

TEST(Clock, RefusesWhatIsNoTime)
{
    EXPECT_ERRC(Errc::invalid, parse_time(""));
    EXPECT_ERRC(Errc::invalid, parse_time("yesterday"));
    EXPECT_ERRC(Errc::invalid, parse_time("2026-13-01"));
    EXPECT_ERRC(Errc::invalid, parse_time("2026-11-24T12:00:00Zx"));
}

TEST(Json, RefusesWhatIsNested33Deep)
{
    EXPECT_OK(parse_json("{\"a\":[1]}"));
    EXPECT_ERRC(Errc::corrupt, parse_json(std::string(33, '[') + std::string(33, ']')));
}

TEST(Printable, EscapesControlCharactersAndBrokenUtf8)
{
    EXPECT_EQ("na\xc3\xafve", printable("na\xc3\xafve", 100));
    EXPECT_EQ("a\\x1b[2J", printable("a\x1b[2J", 100));
    EXPECT_EQ("\\xff\\xc2\\x9b", printable("\xff\xc2\x9b", 100));
    EXPECT_EQ("ab…", printable("abcd", 2));
}

TEST(Printable, EscapesOverlongFormsAndSurrogates)
{
    EXPECT_EQ("\\xe0\\x80\\xaf", printable("\xe0\x80\xaf", 100));
    EXPECT_EQ("\\xed\\xa0\\x80", printable("\xed\xa0\x80", 100));
}

TEST(Utf8, TakesTheCharacterAtTheFront)
{
    auto euro = first_character("\xe2\x82\xacx");
    ASSERT_TRUE(euro);
    EXPECT_EQ(U'\u20ac', euro->value);
    EXPECT_EQ(3u, euro->bytes);
    std::string out;
    append_character(out, euro->value);
    EXPECT_EQ("\xe2\x82\xac", out);
}

TEST(Utf8, RefusesWhatIsNoCharacter)
{
    EXPECT_FALSE(first_character("\xc0\xaf")) << "overlong";
    EXPECT_FALSE(first_character("\xed\xa0\x80")) << "a surrogate";
    EXPECT_FALSE(first_character("\xf4\x90\x80\x80")) << "beyond U+10FFFF";
    EXPECT_FALSE(first_character("\xe2\x82")) << "cut off";
    EXPECT_FALSE(is_utf8("a\x80"));
    EXPECT_TRUE(is_utf8("\xf0\x9f\x94\x94 bell"));
}

TEST(Path, LiesInItselfAndWhatIsAbove)
{
    EXPECT_TRUE(lies_in("/srv/a", "/srv/a"));
    EXPECT_TRUE(lies_in("/srv/a/b", "/srv/a"));
    EXPECT_TRUE(lies_in("/srv", "/"));
    EXPECT_FALSE(lies_in("/srv/ab", "/srv/a"));
    EXPECT_FALSE(lies_in("/srv", "/srv/a"));
}

TEST(Path, GoesBelowATree)
{
    EXPECT_EQ("b/c", way_below("/srv/a/b/c", "/srv/a"));
    EXPECT_EQ("srv", way_below("/srv", "/"));
    EXPECT_EQ("", way_below("/srv/a", "/srv/a"));
    EXPECT_EQ("", way_below("/", "/"));
}

TEST(Random, GivesAsManyBytesAsAskedFor)
{
    EXPECT_EQ(64u, random_hex(32).size());
    EXPECT_NE(random_hex(16), random_hex(16));
}

TEST(Mailbox, RefusesAndCountsWhenFull)
{
    Mailbox<int> box(1);
    EXPECT_EQ(Put::accepted, box.put(1));
    EXPECT_EQ(Put::full, box.put(2));
    EXPECT_EQ(1u, box.dropped());
    box.close();
    EXPECT_EQ(Put::closed, box.put(3));
    EXPECT_EQ(1, box.take());
    EXPECT_EQ(std::nullopt, box.take());
}

TEST(Mailbox, HandsEverythingOverInOrder)
{
    Mailbox<int> box(4);
    std::jthread producer([&] {
        for (int i = 0; i < 1000; ++i)
            (void)box.put_waiting(i);
        box.close();
    });
    for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(i, box.take());
    EXPECT_EQ(std::nullopt, box.take());
}

// Standard error of a child, which logs one line to it.
void log_a_line_to(int fd)
{
    auto const child = ::fork();
    if (child == 0) {
        ::dup2(fd, STDERR_FILENO);
        log_line(Severity::warning, "something happened");
        ::_exit(0);
    }
    ASSERT_EQ(child, ::waitpid(child, nullptr, 0));
}

TEST(Log, HasTheTimeInAFile)
{
    test::TempDir dir;
    auto file = sys::open(dir / "log", O_WRONLY | O_CREAT | O_APPEND, 0600).take();
    log_a_line_to(file.get());
    auto const line = sys::read_text(dir / "log", 1000).take();
    EXPECT_EQ(line.substr(19), "Z tocsin: something happened\n");
    EXPECT_OK(parse_time(line.substr(0, 20)));
}

TEST(Log, IsForTheJournalOnlyWhereItsStreamIs)
{
    test::TempDir dir;
    auto file = sys::open(dir / "log", O_WRONLY | O_CREAT | O_APPEND, 0600).take();
    struct stat own{};
    ASSERT_EQ(0, ::fstat(file.get(), &own));
    auto const stream = std::to_string(own.st_dev) + ":" + std::to_string(own.st_ino);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    log_a_line_to(file.get());
    ::setenv("JOURNAL_STREAM", "1:1", 1); // inherited, while standard error leads elsewhere
    log_a_line_to(file.get());
    ::unsetenv("JOURNAL_STREAM");
    auto const lines = sys::read_text(dir / "log", 1000).take();
    EXPECT_TRUE(lines.starts_with("<4>something happened\n2")) << lines;
}

TEST(Sys, WritesAFileDurablyOrNotAtAll)
{
    test::TempDir dir;
    auto fd = sys::open(dir.path(), O_RDONLY | O_DIRECTORY).take();
    ASSERT_OK(sys::write_file_durably(fd.get(), "a", as_bytes("text"), 0600));
    EXPECT_EQ("text", sys::read_text(dir / "a", 100).take());
    EXPECT_ERRC(Errc::not_found, sys::write_file_durably(fd.get(), "no/such/a", as_bytes("text"), 0600));
    EXPECT_EQ(1u, sys::list_dir(fd.get()).take().size());
}

TEST(Sys, BoundsWhatItReads)
{
    test::TempDir dir;
    auto fd = sys::open(dir.path(), O_RDONLY | O_DIRECTORY).take();
    ASSERT_OK(sys::write_file_durably(fd.get(), "a", as_bytes("12345"), 0600));
    EXPECT_ERRC(Errc::full, sys::read_text(dir / "a", 4));
}

TEST(PidRef, KnowsThatItsProcessHasEnded)
{
    pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    auto ref = PidRef::open(child).take();
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(ref.ended());
    EXPECT_ERRC(Errc::not_found, ref.signal(SIGTERM));
    EXPECT_ERRC(Errc::not_found, PidRef::open(child));
}

} // namespace
} // namespace tocsin
