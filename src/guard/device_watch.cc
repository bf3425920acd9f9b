// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/device_watch.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tocsin/base/log.h"
#include "tocsin/base/path.h"
#include "tocsin/base/precedence.h"
#include "tocsin/base/sys.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::seconds look_every{2};
// Who changes devices without end costs no more than this; who attaches one after another does not gain it.
constexpr std::chrono::milliseconds changes_every{5};
constexpr unsigned changes_at_once = 16;
constexpr std::chrono::milliseconds at_once_again{200};
constexpr std::chrono::seconds refresh_takes_at_most{2};
constexpr std::chrono::milliseconds drain_every{50}; // likewise who is refused
constexpr unsigned messages_of_the_kernel = 1; // udev's own are group 2

// uevents: "change@/devices/virtual/block/loop0", sent when a device comes, goes or is given another content.
UniqueFd open_changes()
{
    UniqueFd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = messages_of_the_kernel;
    if (fd && ::bind(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof(address)) != 0)
        fd.reset();
    return fd;
}

void drain(int fd)
{
    std::array<std::byte, 8192> ignored;
    while (::recv(fd, ignored.data(), ignored.size(), MSG_DONTWAIT) >= 0 || errno == EINTR
        || errno == ENOBUFS) { }
}

std::string reason_of(Result<std::unique_ptr<sensor::DeviceGate>> const& gate)
{
    return gate.ok() ? std::string() : gate.error().message();
}

std::chrono::milliseconds until(SteadyTime then, SteadyTime now)
{
    return std::chrono::ceil<std::chrono::milliseconds>(std::max(then - now, SteadyTime::duration::zero()));
}

} // namespace

DeviceWatch::DeviceWatch(Result<std::unique_ptr<sensor::DeviceGate>> gate, Trees const& trees, Report report)
    : gate_(gate.ok() ? gate.take() : nullptr)
    , why_none_(reason_of(gate))
    , trees_(trees)
    , report_(std::move(report))
    , wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    , changes_(open_changes())
{
    if (gate_)
        thread_ = std::jthread([this] { run(); });
}

DeviceWatch::~DeviceWatch()
{
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    (void)::eventfd_write(wake_.get(), 1);
}

void DeviceWatch::refresh()
{
    if (!gate_)
        return;
    std::unique_lock lock(mutex_);
    auto const turn = ++asked_;
    (void)::eventfd_write(wake_.get(), 1);
    (void)looked_.wait_for(lock, refresh_takes_at_most, [&] { return answered_ >= turn; });
}

void DeviceWatch::allow_writes(std::chrono::seconds how_long)
{
    {
        std::lock_guard lock(mutex_);
        allowed_until_ = steady_now() + how_long;
        allowed_until_wall_ = wall_now() + how_long;
    }
    refresh();
}

bool DeviceWatch::writes_are_allowed() const
{
    return steady_now() < allowed_until_;
}

void DeviceWatch::run()
{
    take_precedence("devices", Precedence::gate);
    for (;;) {
        std::uint64_t turn = 0;
        {
            std::lock_guard lock(mutex_);
            if (stopping_)
                return;
            turn = asked_;
        }
        look();
        {
            std::lock_guard lock(mutex_);
            answered_ = turn;
        }
        looked_.notify_all();
        wait();
    }
}

SteadyTime DeviceWatch::next_look() const
{
    auto const usual = steady_now() + look_every;
    std::lock_guard lock(mutex_);
    return writes_are_allowed() ? std::min(usual, allowed_until_) : usual;
}

// From when on the kernel is asked for changes.
SteadyTime DeviceWatch::next_change()
{
    auto const now = steady_now();
    if (now - counted_from_ > at_once_again) {
        counted_from_ = now;
        looks_ = 0;
    }
    return ++looks_ <= changes_at_once ? now : now + changes_every;
}

// Until something asks for a look; who was refused is told meanwhile.
void DeviceWatch::wait()
{
    auto const wake_at = next_look();
    auto const changes_from = next_change();
    for (bool is_due = false; !is_due;) {
        auto const now = steady_now();
        auto next = wake_at;
        auto fd_from = [&](SteadyTime from, int fd) { // not polled before
            next = now < from ? std::min(next, from) : next;
            return now < from ? -1 : fd;
        };
        std::array<pollfd, 3> polled{pollfd{wake_.get(), POLLIN, 0},
            pollfd{fd_from(changes_from, changes_.get()), POLLIN, 0},
            pollfd{fd_from(next_drain_, gate_->fd()), POLLIN, 0}};
        (void)::poll(polled.data(), polled.size(), static_cast<int>(until(next, now).count()));
        auto const& [woken, changed, refused] = polled;
        if (refused.revents != 0) {
            next_drain_ = steady_now() + drain_every;
            gate_->drain([this](sensor::RefusedWrite&& write) { tell(std::move(write)); });
        }
        eventfd_t ignored = 0;
        if (woken.revents != 0)
            (void)::eventfd_read(wake_.get(), &ignored);
        if (changed.revents != 0)
            drain(changes_.get());
        is_due = woken.revents != 0 || changed.revents != 0 || steady_now() >= wake_at;
    }
}

void DeviceWatch::look()
{
    std::string not_known;
    auto now = wanted(not_known);
    for (auto const& [number, ignored] : applied_)
        if (!now.contains(number))
            gate_->allow(number);
    for (auto const& [number, ignored] : now) {
        auto noted = applied_.contains(number) ? Result<void>{} : gate_->refuse(number);
        if (!noted.ok() && not_known.empty())
            not_known = noted.error().message();
    }
    applied_ = now;
    std::lock_guard lock(mutex_);
    guarded_ = std::move(now);
    not_known_ = std::move(not_known);
}

DeviceWatch::Guarded DeviceWatch::wanted(std::string& not_known) const
{
    Guarded out;
    {
        std::lock_guard lock(mutex_);
        if (writes_are_allowed())
            return out;
    }
    add_carriers(out, not_known);
    if (!trees_.all().empty())
        add_loops(out);
    return out;
}

void DeviceWatch::add_carriers(Guarded& out, std::string& not_known) const
{
    std::set<std::uint64_t> seen; // file systems
    for (auto const& tree : trees_.all()) {
        if (!seen.insert(tree->filesystem).second)
            continue;
        auto found = sensor::devices_under(devices_, tree->fd.get());
        if (!found.ok()) {
            not_known =
                fmt::format("what '{}' lies on is not known: {}", tree->path, found.error().message());
            continue;
        }
        for (auto const& number : found.take())
            out.emplace(number, fmt::format("below '{}'", tree->path));
    }
}

std::map<sensor::DeviceNumber, std::string> DeviceWatch::carriers() const
{
    Guarded found;
    std::string not_known;
    add_carriers(found, not_known);
    for (auto& [number, name] : found)
        name = devices_.name_of(number);
    return found;
}

void DeviceWatch::add_loops(Guarded& out) const
{
    for (auto const& loop : devices_.attached_loops())
        if (auto path = protected_path_of(loop.backing_file); !path.empty())
            out.emplace(loop.device, fmt::format("over '{}'", path));
}

// By whichever mount its path leads: the tree's own mount tells its name there. No open is held by this:
// the kernel asks nobody about O_PATH.
std::string DeviceWatch::protected_path_of(std::string const& file) const
{
    auto opened = sys::open(file, O_PATH | O_NOFOLLOW);
    if (!opened.ok())
        return {};
    auto const fd = opened.take();
    auto filesystem = sys::filesystem_id(fd.get());
    auto known = sys::handle_of(fd.get());
    if (!filesystem.ok() || !known.ok())
        return {};
    auto const id = filesystem.take();
    auto const handle = known.take();
    for (auto const& tree : trees_.all()) {
        if (tree->filesystem != id)
            continue;
        auto there = sys::open_by_handle(tree->fd.get(), handle, O_PATH);
        auto path = there.ok() ? sys::read_link_at(AT_FDCWD, sys::fd_path(there.take().get()))
                               : Result<std::string>(there.take_error());
        auto const name = path.ok() ? path.take() : file;
        bool const is_of_it = tree->scope == sensor::MarkScope::filesystem || lies_in(name, tree->path);
        if (is_of_it && !trees_.is_excluded(name))
            return name;
    }
    return {};
}

void DeviceWatch::tell(sensor::RefusedWrite&& write)
{
    auto const name = devices_.name_of(write.device);
    if (!told_.is_due(fmt::format("{} {} {}", name, write.uid, write.command), steady_now()))
        return;
    auto const at = applied_.find(write.device);
    auto sentence = fmt::format("asked to write to the device {}{}, and was refused", name,
        at == applied_.end() ? "" : ", " + at->second);
    log_line(Severity::warning,
        fmt::format("process {} ({}) {} ('tocsin protect --allow-device-writes 30m' allows maintenance)",
            write.process.pid, write.command, sentence));
    report_(std::move(write), std::move(sentence));
}

answers::InvariantStatus DeviceWatch::what_holds() const
{
    answers::InvariantStatus out{"block_devices_are_guarded", false, {}};
    if (!gate_) {
        out.reason = "the kernel refuses nobody for us: " + why_none_;
        return out;
    }
    Guarded guarded;
    {
        std::lock_guard lock(mutex_);
        if (writes_are_allowed()) {
            out.reason = "whoever may can write to them until " + to_iso8601(allowed_until_wall_);
            return out;
        }
        guarded = guarded_;
        out.reason = not_known_;
    }
    out.holds = out.reason.empty();
    if (!out.holds)
        return out;
    std::string names;
    for (auto const& [number, why] : guarded)
        names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", devices_.name_of(number), why);
    out.reason = guarded.empty()
        ? "no tree is protected yet"
        : fmt::format("nobody can open {} for writing; {} were refused. Whoever had it open before can, and "
                      "commands to disks are not seen",
              names, gate_->refusals());
    return out;
}

} // namespace tocsin::guard
