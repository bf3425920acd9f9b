// SPDX-License-Identifier: Apache-2.0
#include "tocsin/respond/client_filter.h"

#include <gmock/gmock.h>

#include "tocsin/base/test.h"

namespace tocsin::respond {
namespace {

using testing::HasSubstr;

TEST(ClientFilter, NamesAddressAndPortInTheSetOfTheFamily)
{
    EXPECT_THAT(words_to_keep_out({"10.0.0.2", 445, 1}).take(),
        HasSubstr("add element inet tocsin clients4 { 10.0.0.2 . 445 }\n"));
    EXPECT_THAT(words_to_keep_out({"2001:DB8::1", 22, 1}).take(),
        HasSubstr("add element inet tocsin clients6 { 2001:db8::1 . 22 }\n"));
}

TEST(ClientFilter, RefusesWhatIsNoAddress)
{
    EXPECT_ERRC(Errc::invalid, words_to_keep_out({"10.0.0.2 . 22 }; flush ruleset; {", 445, 1}));
    EXPECT_ERRC(Errc::invalid, words_to_keep_out({"0.0.0.0/0", 445, 1}));
    EXPECT_ERRC(Errc::invalid, words_to_keep_out({"10.0.0.2", 0, 1}));
    EXPECT_ERRC(Errc::invalid, words_to_keep_out({"", 445, 1}));
}

} // namespace
} // namespace tocsin::respond
