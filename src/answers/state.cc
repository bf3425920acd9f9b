// SPDX-License-Identifier: Apache-2.0
#include "tocsin/answers/state.h"

#include <sys/file.h>
#include <unistd.h>

#include "tocsin/answers/protocol.h"
#include "tocsin/base/random.h"
#include "tocsin/base/sys.h"
#include "tocsin/vault/backend/local.h"

namespace tocsin::answers {

namespace {

constexpr std::size_t settings_limit_bytes = 64 * 1024;
constexpr std::size_t password_limit_bytes = 4096;

// Stretching slows down guessing of what people choose. Nobody guesses 256 random bits, and each
// verb that opens the repository would pay for it.
constexpr vault::ScryptCost cost_for_random_password{1024, 8, 1};

Result<std::string> read_password(std::string const& path)
{
    auto text = TRY(sys::read_text(path, password_limit_bytes).context("password of the repository"));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    return text;
}

Result<std::string> make_password(StatePaths const& state)
{
    auto password = random_hex(32);
    TRY(sys::make_dirs(state.dir, 0700));
    auto dir = TRY(sys::open(state.dir, O_RDONLY | O_DIRECTORY));
    auto name = state.password.substr(state.password.rfind('/') + 1);
    TRY(sys::write_file_durably(dir.get(), name, as_bytes(password + "\n"), 0600));
    return password;
}

} // namespace

Result<StatePaths> StatePaths::of(std::string const& dir)
{
    StatePaths state{
        dir, dir + "/journal.db", dir + "/repository", dir + "/repository-password", dir + "/settings.json"};
    auto text = sys::read_text(state.settings, settings_limit_bytes);
    if (!text.ok()) {
        if (text.error().code() == Errc::not_found)
            return state;
        return std::move(text).context("settings").take_error();
    }
    auto settings = TRY(parse_json(text.take()).context("settings"));
    if (settings.is_object()) {
        if (auto const* repository = settings.get_object().if_contains("repository"))
            state.repository = TRY(bytes_of(*repository).context("settings"));
    }
    return state;
}

Result<void> save_settings(StatePaths const& state)
{
    auto dir = TRY(sys::open(state.dir, O_RDONLY | O_DIRECTORY));
    auto text = to_text(json::object{{"repository", json_text(state.repository)}}) + "\n";
    return sys::write_file_durably(dir.get(), "settings.json", as_bytes(text), 0600).context("settings");
}

bool has_versions(StatePaths const& state)
{
    return ::access(state.journal.c_str(), F_OK) == 0
        && ::access((state.repository + "/config").c_str(), F_OK) == 0;
}

Result<UniqueFd> lock_state(StatePaths const& state)
{
    auto fd =
        TRY(sys::open(state.dir + "/lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600).context("lock of the state"));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno == EWOULDBLOCK)
        return Error(Errc::again, "another process works on '" + state.dir + "'");
    return Error::from_errno(errno, "flock");
}

Result<std::unique_ptr<vault::Repository>> open_repository(StatePaths const& state, vault::OpenMode mode)
{
    auto password = TRY(read_password(state.password));
    auto store = TRY(vault::LocalStore::open(state.repository).context("repository"));
    vault::RepositoryOptions options;
    options.mode = mode;
    return vault::Repository::open(std::move(store), password, options).context("repository");
}

Result<std::unique_ptr<vault::Repository>> open_or_create_repository(StatePaths const& state)
{
    auto opened = open_repository(state, vault::OpenMode::read_write);
    if (opened.ok() || opened.error().code() != Errc::not_found)
        return opened;
    auto password = read_password(state.password);
    auto words = TRY(password.ok() ? std::move(password) : make_password(state));
    auto store = TRY(vault::LocalStore::create(state.repository).context("repository"));
    vault::RepositoryOptions options;
    options.scrypt = cost_for_random_password;
    return vault::Repository::create(std::move(store), words, options).context("repository");
}

} // namespace tocsin::answers
