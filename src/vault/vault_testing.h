// SPDX-License-Identifier: Apache-2.0
// vault/vault_testing.h -- the words that the vault's tests share. Only tests include it.
#pragma once

#include <cstdio>
#include <random>
#include <sys/wait.h>

#include "tocsin/base/test.h"
#include "tocsin/vault/backend/local.h"
#include "tocsin/vault/backend/memory.h"
#include "tocsin/vault/repository.h"

namespace tocsin::vault::test {

using tocsin::test::TempDir;

inline constexpr std::string_view password = "correct horse";

inline RepositoryOptions options_for(OpenMode mode)
{
    RepositoryOptions out;
    out.mode = mode;
    out.pack_bytes = 1 << 20;
    out.scrypt = ScryptCost::minimal();
    return out;
}
inline RepositoryOptions read_write()
{
    return options_for(OpenMode::read_write);
}
inline RepositoryOptions read_only()
{
    return options_for(OpenMode::read_only);
}

// The same for the same seed on every machine.
inline Bytes noise(std::uint64_t seed, std::size_t size)
{
    std::mt19937_64 random(seed);
    Bytes out(size);
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
        auto const value = random();
        std::memcpy(out.data() + at, &value, std::min(sizeof(value), size - at));
    }
    return out;
}

inline Bytes prose(std::uint64_t seed, std::size_t size)
{
    constexpr std::string_view words[] = {"the ", "alarm ", "bell ", "rings ", "over ", "sleeping ",
        "roofs, ", "and ", "people ", "carry ", "what ", "they ", "hold ", "dear ", "to ", "higher ",
        "ground.\n"};
    std::mt19937_64 random(seed);
    std::string out;
    while (out.size() < size)
        out += words[random() % std::size(words)];
    out.resize(size);
    return to_bytes(as_bytes(out));
}

struct Ran {
    int status = -1;
    std::string output; // both streams
};

inline Ran run(std::string const& command)
{
    Ran out;
    auto* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr)
        return out;
    char buffer[4096];
    while (auto n = std::fread(buffer, 1, sizeof(buffer), pipe))
        out.output.append(buffer, n);
    int const status = ::pclose(pipe);
    out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return out;
}

inline bool have_restic()
{
    return run("command -v restic").status == 0;
}

// restic on a repository of ours, which it may lock at any moment: we hold no lock.
inline Ran restic(std::string const& repository, std::string const& arguments)
{
    return run("env TZ=UTC RESTIC_PASSWORD='" + std::string(password) + "' timeout 120 restic --no-cache -r '"
        + repository + "' " + arguments);
}

} // namespace tocsin::vault::test

#define SKIP_WITHOUT_RESTIC()                                                                                \
    do {                                                                                                     \
        if (!tocsin::vault::test::have_restic())                                                             \
            GTEST_SKIP() << "the program restic (package restic) is not installed";                          \
    } while (false)
