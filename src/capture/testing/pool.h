// SPDX-License-Identifier: Apache-2.0
// capture/testing/pool.h -- for tests: a pool over one directory, with a repository in memory.
#pragma once

#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>

#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/capture/pool.h"
#include "tocsin/vault/backend/memory.h"

namespace tocsin::capture {

using namespace std::chrono_literals;

// Keeps all outcomes.
class KeepingSink final : public Sink {
public:
    void captured(Outcome outcome) override
    {
        std::lock_guard lock(mutex);
        outcomes.push_back(std::move(outcome));
        changed.notify_all();
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Outcome> outcomes;
};

class OneTree final : public Surroundings {
public:
    int mount_fd(std::uint64_t) const override { return dir.get(); }
    bool is_excluded(std::string const&) const override { return false; }
    bool excludes_any() const override { return false; }
    UniqueFd dir;
};

// An opener that does something the moment it is let go.
class Opener final : public sensor::AnswerChannel {
public:
    explicit Opener(std::function<void()> then) : then_(std::move(then)) { }
    void send(int, sensor::Answer) noexcept override { then_(); }

private:
    std::function<void()> then_;
};

class PoolFixture : public testing::Test {
protected:
    PoolFixture()
    {
        vault::RepositoryOptions options;
        options.scrypt = vault::ScryptCost::minimal();
        auto store = std::make_unique<vault::MemoryStore>(std::make_shared<vault::MemoryDisk>());
        repository_ = vault::Repository::create(std::move(store), "password", options).take();
    }

    void start(std::string const& directory)
    {
        around_.dir = sys::open(directory, O_RDONLY | O_DIRECTORY).take();
        pool_.emplace(*repository_, around_, sink_, limits_);
    }
    static UniqueFd make(std::string const& path, std::string_view content)
    {
        auto fd = sys::open(path, O_RDWR | O_CREAT | O_TRUNC, 0640).take();
        EXPECT_OK(sys::write_all(fd.get(), as_bytes(content)));
        return fd;
    }
    void add_close(UniqueFd fd)
    {
        Job job;
        job.occasion = event::Occasion::close;
        job.fd = std::move(fd);
        EXPECT_EQ(Pool::Added::yes, pool_->add(std::move(job)));
    }
    // The first version of this path; nothing after 5 seconds.
    std::optional<event::Version> wait_for(std::string const& path)
    {
        std::optional<event::Version> found;
        std::unique_lock lock(sink_.mutex);
        sink_.changed.wait_for(lock, 5s, [&] {
            for (auto& outcome : sink_.outcomes) {
                if (!outcome.version.ok())
                    continue;
                auto version = outcome.version.take();
                outcome.version = version;
                if (version.path == path)
                    found = std::move(version);
            }
            return found.has_value();
        });
        return found;
    }
    std::size_t count()
    {
        std::lock_guard lock(sink_.mutex);
        return sink_.outcomes.size();
    }
    std::string content_of(event::Version const& version)
    {
        std::string out;
        for (auto const& id : version.content)
            out += as_text(repository_->load_blob(vault::BlobType::data, id).take());
        return out;
    }

    std::unique_ptr<vault::Repository> repository_;
    OneTree around_;
    KeepingSink sink_;
    Pool::Limits limits_;
    std::optional<Pool> pool_;
};

} // namespace tocsin::capture
