// SPDX-License-Identifier: Apache-2.0
// The worked example of docs/formats/record.md, byte for byte.
#include "tocsin/base/test.h"
#include "tocsin/event/record.h"

namespace tocsin::event {
namespace {

TEST(RecordFormat, IsAsItsDocumentShows)
{
    Activity renamed;
    renamed.id = {2};
    renamed.time = from_nanoseconds(1'795'507'481'000'000'001);
    renamed.kind = ActivityKind::renamed;
    renamed.process = {1234, 5678};
    renamed.object = {42};
    renamed.object_kind = ObjectKind::regular;
    renamed.root = {1};
    renamed.place = {{7}, "a"};
    renamed.target = {{7}, "b"};
    renamed.path = "/srv/a";
    renamed.target_path = "/srv/b";
    EXPECT_EQ("010404"
              "82e8fdc8cfa2f6ea31"
              "07"
              "a413ae2c"
              "2a"
              "000000"
              "01"
              "02"
              "070161"
              "070162"
              "062f7372762f61"
              "062f7372762f62"
              "00"
              "00",
        to_hex(encode(renamed)));
}

} // namespace
} // namespace tocsin::event
