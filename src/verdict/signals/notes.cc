// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/signals/notes.h"

#include <algorithm>
#include <fmt/format.h>

namespace tocsin::verdict {
namespace {
constexpr std::size_t most_texts = 256;
constexpr std::size_t folders_that_count = 3;
constexpr std::size_t most_folders = 8;
constexpr double company = 0.25; // of hard points that the actor has for other reasons
} // namespace

void Notes::on_version(Case const& at, event::Version const& version)
{
    auto const* entry = at.catalog.find(version.object);
    if (version.occasion != event::Occasion::close || version.facts.type != event::FileType::text
        || version.metadata.size == 0 || version.metadata.size > at.settings.note_bytes || entry == nullptr
        || entry->origin.existed || entry->has_version || entry->names == nullptr
        || entry->names->parent == nullptr)
        return;
    if (texts_.size() >= most_texts)
        texts_.clear();
    auto& text = texts_[version.digest];
    auto const folder = entry->names->parent->id;
    if (text.folders.size() < most_folders && std::ranges::find(text.folders, folder) == text.folders.end())
        text.folders.push_back(folder);
    if (text.folders.size() < folders_that_count || text.charged >= at.settings.notes_at_most)
        return;
    auto* who = at.tree.find(version.writer);
    Node* top = who;
    for (Node* node = who; node != nullptr; node = at.tree.above(*node))
        top = node;
    if (top == nullptr || top->account.hard < company)
        return;
    text.charged += at.settings.note;
    at.ledger.charge({.who = version.writer,
        .time = at.now,
        .signal = id(),
        .weight = Weight::hard,
        .points = at.settings.note,
        .object = version.object,
        .folder = folder,
        .path = version.path});
}

std::string Notes::reason(Case const&, std::span<Charge const* const> charges) const
{
    return fmt::format("laid the same text into many folders: {}", files_and_folders(charges));
}

} // namespace tocsin::verdict
