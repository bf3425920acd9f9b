// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/exposure_watch.h"

namespace tocsin::guard {
namespace {

std::string reason_of(Result<std::unique_ptr<sensor::SentBytes>> const& sent)
{
    return sent.ok() ? std::string() : sent.error().message();
}

} // namespace

ExposureWatch::ExposureWatch(Result<std::unique_ptr<sensor::SentBytes>> sent)
    : sent_(sent.ok() ? sent.take() : nullptr), why_not_(reason_of(sent))
{
}

answers::InvariantStatus ExposureWatch::what_holds() const
{
    return {"what_is_sent_is_counted", sent_ != nullptr,
        sent_ ? "TCP and UDP to other hosts, by process" : "the kernel counts nothing for us: " + why_not_};
}

} // namespace tocsin::guard
