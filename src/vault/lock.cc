// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/lock.h"

#include <csignal>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

#include "tocsin/base/user.h"
#include "tocsin/vault/go_text.h"
#include "tocsin/vault/json_fields.h"

namespace tocsin::vault {
namespace {

constexpr std::chrono::minutes stale_after{30};

LockInfo own_lock()
{
    LockInfo out;
    out.time = wall_now();
    out.hostname = host_name();
    out.username = find_user_name(::getuid()).value_or("");
    out.pid = ::getpid();
    out.uid = ::getuid();
    out.gid = ::getgid();
    return out;
}

} // namespace

Result<void> ensure_nobody_prunes(Store& store, SealedFiles const& files)
{
    auto const found = TRY(store.list(FileKind::lock).context("list locks"));
    for (auto const& file : found) {
        auto const id = TRY(Sha256::from_hex(file.name));
        auto json = files.get(FileKind::lock, id);
        if (!json.ok())
            continue; // gone meanwhile, or a torn file that no living process relies on
        auto const bytes = TRY(std::move(json));
        auto decoded = decode_lock(bytes);
        if (!decoded.ok())
            continue;
        auto const lock = TRY(std::move(decoded));
        if (is_stale(lock, wall_now()))
            (void)store.remove(FileKind::lock, file.name);
        else if (lock.exclusive)
            return Error(Errc::again,
                fmt::format("the repository is locked exclusively by process {} on {} since {}", lock.pid,
                    lock.hostname, to_iso8601(lock.time)));
    }
    return {};
}

std::string encode_lock(LockInfo const& lock)
{
    std::string out = R"({"time":")";
    append_time(out, lock.time);
    out += fmt::format(R"(","exclusive":{},"hostname":)", lock.exclusive);
    append_json_string(out, lock.hostname);
    out += R"(,"username":)";
    append_json_string(out, lock.username);
    out += fmt::format(R"(,"pid":{})", lock.pid);
    if (lock.uid != 0)
        out += fmt::format(R"(,"uid":{})", lock.uid);
    if (lock.gid != 0)
        out += fmt::format(R"(,"gid":{})", lock.gid);
    out += '}';
    return out;
}

Result<LockInfo> decode_lock(ByteView json)
{
    auto const value = TRY(parse_json(as_text(json)));
    auto const* object = TRY(object_of(value, "lock"));
    LockInfo out;
    auto const time = TRY(text_field(*object, "time"));
    out.time = TRY(parse_go_time(time));
    auto const* exclusive = object->if_contains("exclusive");
    out.exclusive = exclusive != nullptr && exclusive->is_bool() && exclusive->get_bool();
    out.hostname = TRY(text_field_or(*object, "hostname", ""));
    out.username = TRY(text_field_or(*object, "username", ""));
    auto const pid = TRY(number_field_or(*object, "pid", 0));
    out.pid = static_cast<std::int64_t>(pid);
    return out;
}

bool is_stale(LockInfo const& lock, WallTime now)
{
    if (lock.time < now - stale_after) // not a difference: one from outside could overflow it
        return true;
    bool const is_pid = lock.pid > 0 && lock.pid <= INT32_MAX;
    return is_pid && lock.hostname == host_name() && ::kill(static_cast<pid_t>(lock.pid), 0) != 0
        && errno == ESRCH;
}

Result<Lock> Lock::take(Store& store, SealedFiles const& files)
{
    TRY(ensure_nobody_prunes(store, files));
    auto const id = TRY(files.put(FileKind::lock, encode_lock(own_lock())).context("lock the repository"));
    Lock lock(store, files, id);
    // Once more: of two who write first and look then, at least one sees the other.
    auto others = ensure_nobody_prunes(store, files);
    if (!others.ok()) {
        (void)lock.release();
        return others.take_error();
    }
    return lock;
}

Result<void> Lock::refresh()
{
    auto const id = TRY(files_->put(FileKind::lock, encode_lock(own_lock())).context("refresh the lock"));
    auto const old = std::exchange(id_, id);
    auto removed = store_->remove(FileKind::lock, old.hex());
    if (!removed.ok() && removed.error().code() != Errc::not_found)
        return std::move(removed).context("refresh the lock");
    return {};
}

Result<void> Lock::release()
{
    auto removed = store_->remove(FileKind::lock, id_.hex());
    if (!removed.ok() && removed.error().code() == Errc::not_found)
        return {}; // someone unlocked the repository by hand
    return removed;
}

} // namespace tocsin::vault
