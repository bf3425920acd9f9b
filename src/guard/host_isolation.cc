// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/host_isolation.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tocsin/answers/args.h"
#include "tocsin/base/log.h"
#include "tocsin/guard/asked_from.h"
#include "tocsin/respond/isolation_proof.h"
#include "tocsin/respond/network.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::seconds look_every{10};
constexpr std::chrono::minutes recall_every{1}; // it starts nft, perhaps for as long as the guard runs

json::array texts(std::vector<std::string> const& words)
{
    json::array out;
    for (auto const& word : words)
        out.push_back(answers::json_text(word));
    return out;
}

std::vector<std::string> names_of(std::vector<respond::Allowed> const& allowed)
{
    std::vector<std::string> out;
    for (auto const& one : allowed)
        out.push_back(one.text());
    return out;
}

void add_once(std::vector<respond::Allowed>& list, respond::Allowed const& one)
{
    if (std::ranges::find(list, one) == list.end())
        list.push_back(one);
}

Error without_nftables(Error error)
{
    if (error.code() == Errc::not_found)
        return Error(
            Errc::unsupported, "this host cannot be isolated: nftables (/usr/sbin/nft) is not there");
    return error;
}

// Refused by these rules, and not by something else that happens to stand in the way of this process.
std::string why_it_does_not_hold(
    respond::IsolationProof const& proof, std::optional<respond::Isolation> const& found)
{
    if (!found || !found->is_on)
        return "its rules are not there";
    if (proof.holds() && found->dropped.outgoing < proof.refused.size())
        return proof.sentence() + ", but it was not these rules that refused it";
    return proof.holds() ? std::string() : proof.sentence();
}

} // namespace

Result<std::vector<respond::Allowed>> HostIsolation::allowed_by(std::vector<std::string> const& words)
{
    std::vector<respond::Allowed> out;
    for (auto const& word : words) {
        auto const one = TRY(respond::Allowed::parse(word));
        add_once(out, one);
    }
    return out;
}

HostIsolation::HostIsolation(std::vector<respond::Allowed> always_allowed, Tell tell)
    : always_allowed_(std::move(always_allowed)), tell_(std::move(tell)), network_(respond::own_network())
{
}

void HostIsolation::recall()
{
    std::lock_guard lock(mutex_);
    recall_locked();
}

void HostIsolation::recall_locked()
{
    next_look_ = steady_now() + recall_every;
    auto found = respond::find_isolation(network_);
    // Without nftables nobody has isolated it.
    auto why_not =
        found.ok() || found.error().code() == Errc::not_found ? std::string() : found.error().message();
    bool const is_new = why_not != not_recalled_;
    not_recalled_ = std::move(why_not);
    if (is_new && !not_recalled_.empty())
        log_line(Severity::warning,
            "it is not known whether this host is isolated, asking again: " + not_recalled_);
    if (!found.ok())
        return;
    auto const isolation = found.take();
    if (!isolation)
        return;
    until_ = steady_now() + isolation->left;
    look_locked();
}

void HostIsolation::look()
{
    std::lock_guard lock(mutex_);
    bool const is_time = steady_now() >= next_look_;
    if (until_ && (is_time || steady_now() >= *until_))
        look_locked();
    else if (!until_ && is_time && !not_recalled_.empty())
        recall_locked();
}

// Of an isolation that is known here.
void HostIsolation::look_locked()
{
    auto const now = steady_now();
    next_look_ = now + look_every;
    auto found = respond::find_isolation(network_);
    if (!found.ok())
        return; // asked again later
    auto const isolation = found.take();
    if (isolation && isolation->is_on) {
        until_ = now + std::max(isolation->left, std::chrono::seconds(1));
        return;
    }
    if (!isolation)
        return forget("this host is no longer isolated: somebody has removed the rules");
    if (respond::lift_isolation(network_).ok())
        forget("this host is no longer isolated: the time is over");
}

void HostIsolation::forget(std::string sentence)
{
    until_.reset();
    tell_(std::move(sentence));
}

std::optional<answers::IsolationStatus> HostIsolation::now()
{
    std::lock_guard lock(mutex_);
    if (!until_)
        return {};
    auto found = respond::find_isolation(network_);
    auto isolation = found.ok() ? found.take() : std::nullopt;
    if (!isolation || !isolation->is_on)
        return {};
    auto const& dropped = isolation->dropped;
    return answers::IsolationStatus{wall_now() + isolation->left, std::move(isolation->allowed),
        dropped.incoming, dropped.outgoing, dropped.forwarded};
}

Result<json::value> HostIsolation::answer(answers::Request const& request)
{
    auto const is_end = TRY(answers::flag_arg(request.args, "end"));
    std::lock_guard lock(mutex_);
    return is_end ? end(request) : begin(request);
}

// Of the configuration, of the request, and who asks.
Result<std::vector<respond::Allowed>> HostIsolation::allowed_for(
    answers::Request const& request, std::optional<std::string> const& asker) const
{
    auto const words = TRY(answers::texts_arg(request.args, "allow"));
    auto const named = TRY(allowed_by(words));
    auto out = always_allowed_;
    for (auto const& one : named)
        add_once(out, one);
    if (asker) {
        auto const one = TRY(respond::Allowed::parse(*asker));
        add_once(out, one);
    }
    if (out.size() > respond::allowed_at_most)
        return Error(Errc::invalid,
            fmt::format(
                "{} addresses are named; {} are allowed at most", out.size(), respond::allowed_at_most));
    return out;
}

Result<json::value> HostIsolation::begin(answers::Request const& request)
{
    auto const asked = TRY(answers::optional_number_arg(request.args, "seconds"));
    if (!asked || *asked < 1 || *asked > std::chrono::seconds(respond::isolated_at_most).count())
        return Error(Errc::invalid, "a host is isolated for 24 hours at most, and 1 second at least");
    std::chrono::seconds const how_long(*asked);
    auto const asker = asked_from(request.process);
    auto const allowed = TRY(allowed_for(request, asker));
    auto isolated = respond::isolate(network_, allowed, how_long);
    if (!isolated.ok())
        return without_nftables(isolated.take_error());
    until_ = steady_now() + how_long;
    next_look_ = steady_now() + look_every;
    not_recalled_.clear();
    auto const until = to_iso8601(wall_now() + how_long);

    auto const proof = respond::try_isolation(allowed);
    auto found = respond::find_isolation(network_);
    auto const why_not = why_it_does_not_hold(proof, found.ok() ? found.take() : std::nullopt);
    auto const names = names_of(allowed);
    tell_(fmt::format("this host is isolated until {}, as {} asked; allowed: {}; {}", until, request.user,
        names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, ", ")),
        why_not.empty() ? "proved" : "not proved: " + why_not));
    return json::object{{"isolated", true}, {"until", until}, {"allowed", texts(names)},
        {"asked_from", asker ? json::value(answers::json_text(*asker)) : json::value()},
        {"proved", why_not.empty()},
        {"reason", answers::json_text(why_not.empty() ? proof.sentence() : why_not)},
        {"no_way_to", texts(proof.no_way)}};
}

Result<json::value> HostIsolation::end(answers::Request const& request)
{
    auto lifted = respond::lift_isolation(network_);
    if (!lifted.ok())
        return without_nftables(lifted.take_error());
    bool const was_isolated = lifted.take() == respond::Lifted::yes;
    if (was_isolated)
        forget("this host is no longer isolated, as " + request.user + " asked");
    until_.reset();
    not_recalled_.clear();
    return json::object{{"isolated", false}, {"was_isolated", was_isolated}};
}

} // namespace tocsin::guard
