// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/private_files.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t most_made_private = 65'536;
constexpr std::chrono::hours remembered{24};
constexpr std::uint32_t rights_of_others = 077;

} // namespace

void PrivateFiles::note(catalog::Catalog const& before, event::Activity const& activity)
{
    if (activity.kind != event::ActivityKind::attributes || !activity.metadata)
        return;
    auto const now = activity.time;
    auto const* file = before.find(activity.object);
    if (file == nullptr || !file->has_metadata || (file->mode & rights_of_others) == 0
        || (activity.metadata->mode & rights_of_others) != 0)
        return;
    if (made_private_.size() >= most_made_private && !made_private_.contains(activity.object))
        std::erase_if(made_private_, [&](auto const& item) { return item.second + remembered < now; });
    if (made_private_.size() >= most_made_private && !made_private_.contains(activity.object))
        overflowed_at_ = now;
    else
        made_private_[activity.object] = now;
}

bool PrivateFiles::is_of(catalog::Entry const& file, Node const& worker, WallTime now) const
{
    if (file.kind != event::ObjectKind::regular || !file.has_metadata || file.uid == 0
        || file.uid != worker.process.uid || (file.mode & rights_of_others) != 0)
        return false;
    auto const known = made_private_.find(file.id);
    auto const since = known == made_private_.end() ? overflowed_at_ : known->second;
    return since == WallTime{} || since + remembered < now;
}

} // namespace tocsin::verdict
