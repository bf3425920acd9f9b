// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "tocsin/base/test.h"
#include "tocsin/journal/sqlite.h"

namespace tocsin::journal {
namespace {

class Sqlite : public testing::Test {
protected:
    void SetUp() override
    {
        ASSERT_OK(database.script("CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB) STRICT"));
    }
    std::int64_t count() { return database.number("SELECT count(*) FROM t").take(); }

    tocsin::test::TempDir directory;
    Database database = Database::open(directory / "x.db", Database::Mode::create).take();
};

TEST_F(Sqlite, KeepsAll64BitsOfANumber)
{
    constexpr std::uint64_t most = ~std::uint64_t{0};
    ASSERT_OK(database.run("INSERT INTO t VALUES (?1, NULL)", most));
    EXPECT_EQ(most, static_cast<std::uint64_t>(database.number("SELECT k FROM t").take()));
}

TEST_F(Sqlite, KeepsEmptyBytesApartFromNull)
{
    ASSERT_OK(database.run("INSERT INTO t VALUES (1, ?1)", ByteView()));
    EXPECT_EQ(0, database.number("SELECT count(*) FROM t WHERE v IS NULL").take());
}

TEST_F(Sqlite, RunsOneStatementWithinItself)
{
    ASSERT_OK(database.script("INSERT INTO t (k) VALUES (1), (2), (3)"));
    int pairs = 0;
    auto all = [&]() { return database.query("SELECT k FROM t").take(); };
    for (auto outer = all(); outer.next().take();)
        for (auto inner = all(); inner.next().take();)
            ++pairs;
    EXPECT_EQ(9, pairs);
}

TEST_F(Sqlite, ForgetsATransactionThatWasNotCommitted)
{
    {
        auto transaction = Transaction::begin(database, Transaction::Kind::write).take();
        ASSERT_OK(database.script("INSERT INTO t (k) VALUES (1)"));
    }
    EXPECT_EQ(0, count());
}

TEST_F(Sqlite, KeepsATransactionThatWasCommitted)
{
    auto transaction = Transaction::begin(database, Transaction::Kind::write).take();
    ASSERT_OK(database.script("INSERT INTO t (k) VALUES (1)"));
    ASSERT_OK(transaction.commit());
    EXPECT_EQ(1, count());
}

TEST_F(Sqlite, CallsARowThatIsThereTwiceCorrupt)
{
    ASSERT_OK(database.run("INSERT INTO t (k) VALUES (?1)", 1));
    EXPECT_ERRC(Errc::corrupt, database.run("INSERT INTO t (k) VALUES (?1)", 1));
}

TEST_F(Sqlite, SaysAgainWhileSomebodyElseWrites)
{
    auto other = Database::open(directory / "x.db", Database::Mode::create).take();
    other.set_patience(std::chrono::milliseconds(0));
    auto transaction = Transaction::begin(database, Transaction::Kind::write).take();
    EXPECT_ERRC(Errc::again, Transaction::begin(other, Transaction::Kind::write));
}

// Transaction after transaction, with gaps far shorter than a lock is held.
TEST_F(Sqlite, GetsItsTurnBesideWhoWritesWithoutAPause)
{
    auto other = Database::open(directory / "x.db", Database::Mode::create).take();
    other.set_patience(std::chrono::minutes(1));
    std::atomic<bool> is_writing{false};
    std::jthread writer([&](std::stop_token stop) {
        while (!stop.stop_requested()) {
            auto transaction = Transaction::begin(database, Transaction::Kind::write).take();
            is_writing = true;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            EXPECT_OK(transaction.commit());
        }
    });
    while (!is_writing)
        std::this_thread::yield();
    for (int i = 0; i < 3; ++i) {
        auto transaction = Transaction::begin(other, Transaction::Kind::write);
        ASSERT_OK(transaction);
        ASSERT_OK(transaction.take().commit());
    }
}

TEST_F(Sqlite, TakesNoPathForAnythingElse)
{
    EXPECT_ERRC(Errc::invalid, Database::open("", Database::Mode::create));
    EXPECT_ERRC(Errc::invalid, Database::open(std::string("a\0b", 3), Database::Mode::create));
}

TEST_F(Sqlite, ReadsAnImmutableFileWhoseNameLooksLikeAUri)
{
    auto odd = directory / "a?b%20#c.db";
    ASSERT_OK(database.copy_to(odd));
    auto copy = Database::open(odd, Database::Mode::read_immutable).take();
    EXPECT_EQ(0, copy.number("SELECT count(*) FROM t").take());
}

} // namespace
} // namespace tocsin::journal
