// SPDX-License-Identifier: Apache-2.0
// Any bytes have facts; a cut in two must not change them.
#include "tocsin/capture/facts_builder.h"
#include "tocsin/capture/open_intent.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace tocsin;
    auto content = std::as_bytes(std::span(data, size));
    capture::FactsBuilder whole;
    whole.add(content);
    capture::FactsBuilder halves;
    halves.add(content.first(size / 2));
    halves.add(content.subspan(size / 2));
    if (whole.finish() != halves.finish())
        std::abort();
    (void)capture::intent_of_syscall(as_text(content));
    return 0;
}
