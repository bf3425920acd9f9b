// SPDX-License-Identifier: Apache-2.0
// The worked example of docs/formats/journal.md, byte for byte.
#include "tocsin/journal/sqlite.h"
#include "tocsin/journal/testing/records.h"

namespace tocsin::journal::test {
namespace {

class Chain : public JournalFixture { };

TEST_F(Chain, HasTheHashesThatItsDocumentShows)
{
    append({event::GuardChange{from_nanoseconds(1'795'507'481'000'000'000), "guarding", ""}});
    append({event::GuardChange{from_nanoseconds(1'795'507'482'000'000'000), "stopped", ""}});
    auto database = Database::open(path(), Database::Mode::read).take();
    auto rows =
        database.query("SELECT body, hash FROM chain JOIN records ON seq = last ORDER BY link").take();
    ASSERT_TRUE(rows.next().take());
    EXPECT_EQ("010180e8fdc8cfa2f6ea31086775617264696e6700", to_hex(rows.blob(0)));
    EXPECT_EQ("4fcf15913dacb4d38a4ad9f542fb26027e4a71692fb1e6dd6fd22f5c6a7b4748", to_hex(rows.blob(1)));
    ASSERT_TRUE(rows.next().take());
    EXPECT_EQ("306cc2343551b9545f9d086904bfd61c6a302b9a1634284378046954938d9b7b", to_hex(rows.blob(1)));
}

} // namespace
} // namespace tocsin::journal::test
