// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/allowances/named_folders.h"

#include <algorithm>
#include <optional>
#include <string>

namespace tocsin::verdict {
namespace {

constexpr std::size_t cut_from = 240; // bytes: a longer command may have been cut
constexpr std::size_t most_named = 64;
constexpr int most_levels = 32;

// Its arguments, without what cannot be a path: "./a//" is "a". None where one may lead anywhere.
std::optional<std::vector<std::string>> paths_in(std::string_view command)
{
    std::vector<std::string> paths;
    auto const program = command.find(' ');
    command.remove_prefix(program == std::string_view::npos ? command.size() : program);
    while (!command.empty()) {
        auto const begin = command.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            break;
        command.remove_prefix(begin);
        auto word = command.substr(0, command.find(' '));
        command.remove_prefix(word.size());
        if (word.starts_with('-'))
            continue;
        while (word.starts_with("./"))
            word.remove_prefix(2);
        while (word.size() > 1 && word.ends_with('/'))
            word.remove_suffix(1);
        if (word.empty() || word == "." || word.contains("..") || word.contains('\\') || word.contains("//")
            || word.contains("/./"))
            return {};
        paths.emplace_back(word);
        if (paths.size() > most_named)
            return {};
    }
    return paths;
}

// The folder that a path names, going down from `folder`. None: there is none.
catalog::Entry const* below(
    catalog::Catalog const& catalog, catalog::Entry const* folder, std::string_view path)
{
    while (folder != nullptr && !path.empty()) {
        auto const name = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), name.size() + 1));
        folder = catalog.find(catalog.child(folder->id, name));
    }
    return folder;
}

} // namespace

std::vector<event::ObjectId> folders_named_by(
    catalog::Catalog const& catalog, std::string_view command, event::ObjectId at_work)
{
    auto const paths = command.size() < cut_from ? paths_in(command) : std::nullopt;
    if (!paths)
        return {};
    catalog::Entry const* root = nullptr;
    std::optional<std::string> working_directory;
    auto const* folder = catalog.find(at_work);
    for (int level = 0; folder != nullptr && level < most_levels; ++level) {
        auto const path = catalog.path_of(folder->id);
        for (auto const& named : *paths)
            if (!named.starts_with('/') && path.ends_with("/" + named))
                working_directory = path.substr(0, path.size() - named.size() - 1);
        root = folder;
        folder = folder->names == nullptr ? nullptr : folder->names->parent;
    }
    if (root == nullptr || folder != nullptr)
        return {};
    auto const top = catalog.path_of(root->id);
    std::vector<event::ObjectId> out;
    for (auto const& named : *paths) {
        if (!named.starts_with('/') && !working_directory)
            continue; // a word
        auto const path = named.starts_with('/') ? named : *working_directory + "/" + named;
        if (path == top || top.starts_with(path + "/"))
            return {};
        if (!path.starts_with(top + "/"))
            continue;
        auto const* found = below(catalog, root, std::string_view(path).substr(top.size() + 1));
        if (found != nullptr && found->kind == event::ObjectKind::directory)
            out.push_back(found->id);
    }
    return out;
}

} // namespace tocsin::verdict
